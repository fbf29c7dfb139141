JOIN (SELECT coc.categoryoptioncomboid AS id, coc.uid, coc.code, coc.name, coc.attributevalues,
             jsonb_object_agg(co.uid, jsonb_build_object(
                 'name', co.name, 'code', co.code, 'attributeValues', co.attributevalues)) AS co_values,
             count(co.categoryoptionid) AS co_count
        FROM categoryoptioncombo coc
        JOIN categoryoptioncombos_categoryoptions link USING (categoryoptioncomboid)
        JOIN categoryoption co USING (categoryoptionid)
       GROUP BY coc.categoryoptioncomboid
      HAVING bool_and(co.sharing ->> 'owner' IS NULL OR co.sharing ->> 'owner' = ':user'
                      OR co.sharing ->> 'public' IS NULL OR co.sharing ->> 'public' LIKE '__r%'
                      OR co.sharing #>> '{users,:user,access}' LIKE '__r%'
                      OR EXISTS (SELECT FROM jsonb_each(co.sharing -> 'userGroups') g (uid, grant_)
                                  WHERE g.uid = ANY (':groups'::text[]) AND g.grant_ ->> 'access' LIKE '__r%'))
     ) coc_agg ON coc_agg.id = ev.attributeoptioncomboid
