-- For this transaction, which is never committed: the event tables have DHIS2's indexes and those of their keys, not ours.
UPDATE pg_index i
   SET indisvalid = i.indexrelid::regclass::text LIKE 'dhis2\_in\_%'
       OR EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
 WHERE i.indrelid IN ('public.singleevent'::regclass, 'public.trackerevent'::regclass);
