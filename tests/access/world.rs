//! Objects that a stranger may not see, and others that they may.

use std::collections::HashMap;

use crate::support::Server;

/// A well-formed identifier that nothing has.
pub const UNKNOWN: &str = "zZ9zZ9zZ9zZ";

/// Units outside the clerk's.
const OUTSIDE: &str = "u.path NOT LIKE (SELECT c.path || '%' FROM usermembership JOIN organisationunit c USING (organisationunitid)
    JOIN userinfo USING (userinfoid) WHERE username = 'clerk')";

/// Hides some objects from everybody but `admin`, who owns them, and adds a person without any rights.
const SETUP: &str = "
    INSERT INTO userinfo (uid, username, firstname, surname) VALUES ('nobody00001', 'nobody', 'No', 'Body');
    UPDATE dataelement SET sharing = '{\"owner\": \"M5zQapPyTZI\", \"public\": \"--------\"}' WHERE dataelementid =
      (SELECT min(dataelementid) FROM programstagedataelement JOIN programstage USING (programstageid) JOIN program p USING (programid)
        WHERE p.code = 'OPD');
    UPDATE programstage SET sharing = '{\"owner\": \"M5zQapPyTZI\", \"public\": \"--------\"}' WHERE programstageid =
      (SELECT max(programstageid) FROM programstage JOIN program p USING (programid) WHERE p.code = 'ANC');
    UPDATE dataelement SET sharing = '{\"owner\": \"M5zQapPyTZI\", \"public\": \"--------\"}', code = 'HIDDEN_TRACKED' WHERE dataelementid =
      (SELECT max(dataelementid) FROM programstagedataelement WHERE programstageid =
        (SELECT min(programstageid) FROM programstage JOIN program p USING (programid) WHERE p.code = 'ANC'));
    INSERT INTO userinfo (uid, username, firstname, surname) VALUES ('asked000001', 'asked', 'As', 'Ked');
    UPDATE trackerevent SET assigneduserid = (SELECT userinfoid FROM userinfo WHERE username = 'asked') WHERE ownerorganisationunitid NOT IN
      (SELECT organisationunitid FROM usermembership JOIN userinfo USING (userinfoid) WHERE username = 'clerk');
    UPDATE trackedentityattribute SET sharing = '{\"owner\": \"M5zQapPyTZI\", \"public\": \"--------\"}' WHERE trackedentityattributeid =
      (SELECT min(trackedentityattributeid) FROM program_attributes JOIN program p USING (programid) WHERE p.code = 'ANC');
    INSERT INTO eventfilter (uid, name, program, sharing) SELECT 'secretview1', 'Secret', uid, '{\"owner\": \"M5zQapPyTZI\", \"public\": \"--------\"}'
      FROM program WHERE code = 'OPD';
    INSERT INTO programstageworkinglist (uid, name, programid, programstageid, sharing)
    SELECT 'secretview2', 'Secret', programid, programstageid, '{\"owner\": \"M5zQapPyTZI\", \"public\": \"--------\"}'
      FROM program JOIN programstage USING (programid) WHERE program.code = 'ANC' LIMIT 1;
    INSERT INTO trackerjob (uid, userid, finished, report) SELECT 'secretjob01', userinfoid, now(), '{}' FROM userinfo WHERE username = 'admin';
    INSERT INTO apitoken (apitokenid, userinfoid, tokenhash) SELECT 987654321, userinfoid, 'known' FROM userinfo WHERE username = 'asked';
    INSERT INTO fileresource (uid, name, contenttype, contentlength, contentmd5, storagekey, domain, userid)
    SELECT 'secretfile1', 'Secret', 'text/plain', 1, '', 'secret', 'DATA_VALUE', userinfoid FROM userinfo WHERE username = 'admin';
    UPDATE metadataversion SET version = version + 1;";

/// Identifiers by name, over a server that holds them.
pub struct World<'a> {
    pub server: &'a Server,
    ids: HashMap<&'static str, String>,
}

impl<'a> World<'a> {
    /// Hides what is to be hidden and looks the rest up.
    pub fn make(server: &'a Server) -> Self {
        server.execute(SETUP);
        let mut ids = HashMap::new();
        let mut put = |name, sql: &str| ids.insert(name, server.id(sql));
        for (name, code) in [("OPD", "OPD"), ("ANC", "ANC"), ("HIDDEN_PROGRAM", "HTS")] {
            put(
                name,
                &format!("SELECT uid AS id FROM program WHERE code = '{code}'"),
            );
        }
        put(
            "HIDDEN_STAGE",
            "SELECT s.uid AS id FROM programstage s JOIN program p USING (programid) WHERE p.code = 'ANC' ORDER BY s.programstageid DESC",
        );
        for (name, code) in [("OPD_STAGE", "OPD"), ("ANC_STAGE", "ANC")] {
            put(
                name,
                &format!(
                    "SELECT s.uid AS id FROM programstage s JOIN program p USING (programid) WHERE p.code = '{code}' ORDER BY s.sort_order"
                ),
            );
        }
        put(
            "OWN_UNIT",
            "SELECT u.uid AS id FROM usermembership JOIN organisationunit u USING (organisationunitid) JOIN userinfo USING (userinfoid) WHERE username = 'clerk'",
        );
        put(
            "UNIT",
            &format!(
                "SELECT u.uid AS id FROM organisationunit u JOIN program_organisationunits USING (organisationunitid) JOIN program p USING (programid) WHERE p.code = 'OPD' AND {OUTSIDE} ORDER BY u.uid"
            ),
        );
        put(
            "CLINIC",
            "SELECT uid AS id FROM organisationunit WHERE code = 'KNH_1'",
        );
        put(
            "STATION",
            "SELECT u.uid AS id FROM stations s JOIN organisationunit u ON u.organisationunitid = s.station_id JOIN station_transfers t ON t.station_id = s.station_id ORDER BY u.uid",
        );
        put(
            "HIDDEN_ELEMENT",
            "SELECT uid AS id FROM dataelement WHERE sharing ->> 'owner' = 'M5zQapPyTZI' AND sharing ->> 'public' = '--------' AND code IS DISTINCT FROM 'HIDDEN_TRACKED'",
        );
        put(
            "HIDDEN_ATTRIBUTE",
            "SELECT uid AS id FROM trackedentityattribute WHERE sharing ->> 'owner' = 'M5zQapPyTZI' AND sharing ->> 'public' = '--------'",
        );
        put(
            "COLUMN",
            "SELECT d.uid AS id FROM dataelement d JOIN programstagedataelement USING (dataelementid) JOIN programstage USING (programstageid) JOIN program p USING (programid) WHERE p.code = 'OPD' AND d.valuetype = 'TEXT' ORDER BY d.dataelementid DESC",
        );
        put(
            "HIDDEN_COMBO",
            "SELECT uid AS id FROM categoryoptioncombo WHERE name = 'Donor programme'",
        );
        put(
            "HIDDEN_OPTION",
            "SELECT uid AS id FROM categoryoption WHERE name = 'Donor programme'",
        );
        for (name, condition) in [
            ("EVENT", OUTSIDE.to_owned()),
            ("OWN_SINGLE", format!("NOT ({OUTSIDE})")),
        ] {
            put(name, &format!("SELECT e.uid AS id FROM singleevent e JOIN organisationunit u USING (organisationunitid) JOIN programstage USING (programstageid)
                JOIN program p USING (programid) WHERE p.code = 'OPD' AND NOT e.deleted AND e.status = 'ACTIVE' AND {condition} ORDER BY e.eventid DESC"));
        }
        for (name, column, condition) in [
            ("TRACKER_EVENT", "e.uid", OUTSIDE.to_owned()),
            ("ENROLLMENT", "n.uid", OUTSIDE.to_owned()),
            ("ENTITY", "t.uid", OUTSIDE.to_owned()),
            ("OWN_TRACKER", "e.uid", format!("NOT ({OUTSIDE})")),
            ("OWN_ENTITY", "t.uid", format!("NOT ({OUTSIDE})")),
        ] {
            put(name, &format!("SELECT {column} AS id FROM trackerevent e JOIN enrollment n USING (enrollmentid) JOIN trackedentity t USING (trackedentityid)
                JOIN organisationunit u ON u.organisationunitid = e.ownerorganisationunitid JOIN program p USING (programid)
                JOIN programstage s ON s.programstageid = e.programstageid
                WHERE s.sharing ->> 'public' <> '--------' AND p.code = 'ANC' AND NOT e.deleted AND {condition} ORDER BY e.status, e.eventid DESC"));
        }
        put(
            "ANC_UNIT",
            &format!(
                "SELECT u.uid AS id FROM organisationunit u JOIN program_organisationunits USING (organisationunitid) JOIN program p USING (programid) WHERE p.code = 'ANC' AND {OUTSIDE} ORDER BY u.uid DESC"
            ),
        );
        put(
            "ASSIGNEE",
            "SELECT uid AS id FROM userinfo WHERE username = 'asked'",
        );
        put(
            "HIDDEN_TRACKED",
            "SELECT uid AS id FROM dataelement WHERE code = 'HIDDEN_TRACKED'",
        );
        put(
            "WATER",
            "SELECT uid AS id FROM program WHERE code = 'WATER'",
        );
        put(
            "CATEGORY_COMBO",
            "SELECT c.uid AS id FROM categorycombo c JOIN program p USING (categorycomboid) WHERE p.code = 'WATER'",
        );
        put(
            "PROTECTED",
            "SELECT uid AS id FROM program WHERE accesslevel = 'PROTECTED' AND type = 'WITH_REGISTRATION' AND code <> 'HTS'",
        );
        put("PROTECTED_ENTITY", &format!("SELECT t.uid AS id FROM trackedentityprogramowner o JOIN trackedentity t USING (trackedentityid)
            JOIN program p USING (programid) JOIN organisationunit u ON u.organisationunitid = o.organisationunitid
            WHERE p.accesslevel = 'PROTECTED' AND p.code <> 'HTS' AND {OUTSIDE} ORDER BY t.uid"));
        for (name, sql) in [
            ("VIEW", "eventfilter"),
            ("LIST_VIEW", "programstageworkinglist"),
            ("JOB", "trackerjob"),
            ("FREE_FILE", "fileresource"),
        ] {
            put(
                name,
                &format!("SELECT uid AS id FROM {sql} WHERE uid LIKE 'secret%'"),
            );
        }
        put(
            "PERSON",
            "SELECT username AS id FROM userinfo WHERE username = 'district'",
        );
        put(
            "TOKEN",
            "SELECT apitokenid::text AS id FROM apitoken WHERE tokenhash = 'known'",
        );
        server.execute(&format!("INSERT INTO fileresource (uid, name, contenttype, contentlength, contentmd5, storagekey, domain, isassigned, fileresourceowner)
            SELECT 'namedfile01', 'Secret', 'text/plain', 1, '', 'named', 'DATA_VALUE', true, e.uid FROM singleevent e
              JOIN organisationunit u USING (organisationunitid) WHERE NOT e.deleted AND {OUTSIDE} LIMIT 1"));
        put(
            "FILE",
            "SELECT uid AS id FROM fileresource WHERE fileresourceowner IS NOT NULL",
        );
        put("NOTE", "SELECT uid AS id FROM note ORDER BY noteid");
        World { server, ids }
    }

    /// The identifier of an object.
    pub fn id(&self, name: &str) -> &str {
        self.ids
            .get(name)
            .unwrap_or_else(|| panic!("no object {name}"))
    }

    /// A template with an identifier in its hole and the objects that it names.
    pub fn fill(&self, template: &str, id: &str) -> String {
        self.fill_literal(template, &serde_json::to_string(id).expect("a literal"))
    }

    /// The same without quotes.
    pub fn fill_text(&self, template: &str, id: &str) -> String {
        self.fill_literal(template, id)
    }

    /// A request with any text in its hole: escaped as its place demands.
    pub fn fill_hostile(&self, request: &str, text: &str) -> String {
        let is_body = request.find('@') > request.find('{');
        if is_body && request.contains('{') {
            let quoted = serde_json::to_string(text).expect("a literal");
            return self.fill_literal(request, &quoted[1..quoted.len() - 1]);
        }
        let escaped = text.bytes().map(|byte| format!("%{byte:02X}"));
        self.fill_literal(request, &escaped.collect::<String>())
    }

    /// The same with a literal in the hole.
    pub fn fill_literal(&self, template: &str, literal: &str) -> String {
        let mut text = template.replace(
            "<PERIOD>",
            "period: {from: \"2020-11-01\", to: \"2026-11-30\"}",
        );
        for (name, id) in &self.ids {
            text = text.replace(&format!("<{name}>"), id);
        }
        text.replacen('@', literal, 1)
    }
}
