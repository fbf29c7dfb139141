// @generated automatically by Diesel CLI.

diesel::table! {
    /// Text hash of each analytics view as it was built, to rebuild the set when one changed.
    analytics_definitions (name) {
        /// View, without its schema.
        name -> Text,
        /// SHA-256 of its file, hexadecimal.
        definition_hash -> Text,
        /// Order in which it is built and refreshed.
        position -> Int4,
    }
}

diesel::table! {
    /// API tokens, kept as hashes only.
    apitoken (apitokenid) {
        /// Internal key.
        apitokenid -> Int8,
        /// Person who acts with it.
        userinfoid -> Int8,
        /// SHA-256 of the token, hexadecimal.
        tokenhash -> Text,
        /// When it was made.
        created_at -> Timestamptz,
        /// When it stops working; null for never.
        expires_at -> Nullable<Timestamptz>,
        /// When it was withdrawn; null while valid.
        revoked_at -> Nullable<Timestamptz>,
        /// What it is for, in words of whoever made it; empty when not said.
        name -> Text,
        /// When it was last used, to a few minutes; null when never.
        last_used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Custom metadata attributes, used as identifier schemes.
    attribute (attributeid) {
        /// Internal key.
        attributeid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// Code, unique when set.
        code -> Nullable<Text>,
        /// Name shown to people.
        name -> Text,
        /// DHIS2 value type.
        valuetype -> Text,
        /// Whether two objects of a kind may not share a value.
        uniquefield -> Bool,
        /// DHIS2 sharing settings.
        sharing -> Jsonb,
    }
}

diesel::table! {
    /// Who read data of persons or analytics of them and who changed what, append-only; no row holds such data.
    audit (auditid) {
        /// Internal key.
        auditid -> Int8,
        /// When.
        at -> Timestamptz,
        /// READ of data of persons or of analytics, administrative ACT, or REFUSED sign-ins of one kind from one address within a minute.
        kind -> Text,
        /// Who, by the name used to sign in; whoever used the command line is named by the system user; empty for a refused sign-in that belongs to nobody.
        username -> Text,
        /// How: graphql, socket, rest, report, cli.
        door -> Text,
        /// What: the field with the name of the operation, the path, or the act.
        operation -> Text,
        /// Identifier of the one object that was read or changed, for analytics what was asked; null for lists.
        subject -> Nullable<Text>,
        /// Identifier of the program; null where there is none.
        program -> Nullable<Text>,
        /// Identifier of the unit asked for; null where none was.
        orgunit -> Nullable<Text>,
        /// DHIS2 org-unit mode asked for; null where none was.
        orgunitmode -> Nullable<Text>,
        /// Rows handed out or changed, or sign-ins refused; null where they are not counted.
        rows -> Nullable<Int8>,
        /// Network address of the client; null for the command line.
        address -> Nullable<Text>,
        /// Trace of the request, 32 hexadecimal digits; null when it has none.
        trace -> Nullable<Text>,
        /// By what the caller was known: "token" and its number, or "oidc" and the subject of the provider; null for the command line and where nobody was known.
        knownby -> Nullable<Text>,
    }
}

diesel::table! {
    /// Options of a category, in order.
    categories_categoryoptions (categoryid, categoryoptionid) {
        /// Category.
        categoryid -> Int8,
        /// Option.
        categoryoptionid -> Int8,
        /// Place within the category.
        sort_order -> Int4,
    }
}

diesel::table! {
    /// Dimensions of the category model.
    category (categoryid) {
        /// Internal key.
        categoryid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// Code, unique when set.
        code -> Nullable<Text>,
        /// Name shown to people.
        name -> Text,
        /// Short name.
        shortname -> Text,
        /// DISAGGREGATION or ATTRIBUTE.
        datadimensiontype -> Text,
        /// DHIS2 sharing settings.
        sharing -> Jsonb,
    }
}

diesel::table! {
    /// Combinations of categories that a program or data element is recorded by.
    categorycombo (categorycomboid) {
        /// Internal key.
        categorycomboid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// Code, unique when set.
        code -> Nullable<Text>,
        /// Name shown to people.
        name -> Text,
        /// DISAGGREGATION or ATTRIBUTE.
        datadimensiontype -> Text,
        /// DHIS2 sharing settings.
        sharing -> Jsonb,
    }
}

diesel::table! {
    /// Categories of a category combination, in order.
    categorycombos_categories (categorycomboid, categoryid) {
        /// Category combination.
        categorycomboid -> Int8,
        /// Category.
        categoryid -> Int8,
        /// Place within the combination.
        sort_order -> Int4,
    }
}

diesel::table! {
    /// Category combination of each option combination.
    categorycombos_optioncombos (categoryoptioncomboid) {
        /// Option combination.
        categoryoptioncomboid -> Int8,
        /// Category combination.
        categorycomboid -> Int8,
    }
}

diesel::table! {
    /// Values of the category dimensions; their sharing limits which events a person may read.
    categoryoption (categoryoptionid) {
        /// Internal key.
        categoryoptionid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// Code, unique when set.
        code -> Nullable<Text>,
        /// Name shown to people.
        name -> Text,
        /// Short name.
        shortname -> Text,
        /// First day it may be used; null for no limit.
        startdate -> Nullable<Date>,
        /// Last day it may be used; null for no limit.
        enddate -> Nullable<Date>,
        /// DHIS2 sharing settings.
        sharing -> Jsonb,
        /// Values of custom attributes.
        attributevalues -> Jsonb,
    }
}

diesel::table! {
    /// Units an option may be used in; no row means every unit.
    categoryoption_organisationunits (categoryoptionid, organisationunitid) {
        /// Option.
        categoryoptionid -> Int8,
        /// Unit.
        organisationunitid -> Int8,
    }
}

diesel::table! {
    /// One option of each category of a combination; every event carries one.
    categoryoptioncombo (categoryoptioncomboid) {
        /// Internal key.
        categoryoptioncomboid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// Code, unique when set.
        code -> Nullable<Text>,
        /// Name shown to people.
        name -> Text,
        /// Values of custom attributes.
        attributevalues -> Jsonb,
    }
}

diesel::table! {
    /// Options of each option combination.
    categoryoptioncombos_categoryoptions (categoryoptioncomboid, categoryoptionid) {
        /// Option combination.
        categoryoptioncomboid -> Int8,
        /// Option.
        categoryoptionid -> Int8,
    }
}

diesel::table! {
    /// Organisation units that deliver clinical data.
    clinics (clinic_id) {
        /// The unit.
        clinic_id -> Int8,
        /// IANA zone in which days are counted.
        time_zone -> Text,
        /// Beds in operation; null when not known.
        beds -> Nullable<Int4>,
    }
}

diesel::table! {
    /// Diagnoses of stays: one row per stay and FHIR Condition, roles merged.
    conditions (condition_id) {
        /// Internal key.
        condition_id -> Int8,
        /// Clinic.
        clinic_id -> Int8,
        /// Stay; null while the delivery names none that is known.
        encounter_id -> Nullable<Int8>,
        /// Pseudonym of the patient; null when the reference is not known.
        patient_pseudo_id -> Nullable<Text>,
        /// Condition.id of the delivery.
        fhir_id -> Text,
        /// ICD-10 code with its dot, without markers; null when the condition has none or is ruled out. Whatever stands here is counted.
        icd10_code -> Nullable<Text>,
        /// Code of a diagnosis that was ruled out (certainty EXCLUDED); never counted.
        excluded_icd10_code -> Nullable<Text>,
        /// Chapter of the code; null without a code or outside every chapter.
        icd10_chapter -> Nullable<Text>,
        /// Mark of a double-coded diagnosis; null for none.
        marker -> Nullable<Text>,
        /// Diagnosesicherheit; null when not stated.
        certainty -> Nullable<Text>,
        /// Whether it is the stay's main diagnosis.
        is_main -> Bool,
        /// Role codes of both directions, sorted, each once.
        roles -> Array<Nullable<Text>>,
        /// Catalogue year; null when not sent.
        code_version -> Nullable<Text>,
        /// Title as delivered; null when not sent.
        display -> Nullable<Text>,
        /// Day it was recorded; null when not sent.
        recorded_on -> Nullable<Date>,
        /// Reference that could not be resolved; null when the stay is known.
        encounter_reference -> Nullable<Text>,
        /// meta.lastUpdated of the winning version; null when not sent.
        fhir_updated_at -> Nullable<Timestamptz>,
        /// meta.versionId of the winning version; null when not numeric.
        fhir_version -> Nullable<Int8>,
        /// Contact that the condition names, resolved or not: Encounter/id or Encounter?identifier=system|value; null for none.
        contact_reference -> Nullable<Text>,
        /// Patient as system|value when no id was sent; null otherwise.
        patient_reference -> Nullable<Text>,
        /// Hash of the resource as it was mapped; null when it was not delivered.
        fhir_body -> Nullable<Int8>,
    }
}

diesel::table! {
    /// Numbers with a name, which program rules refer to as C{uid}.
    constant (constantid) {
        /// Internal key.
        constantid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// Code, unique when set.
        code -> Nullable<Text>,
        /// Name shown to people.
        name -> Text,
        /// Short name; null when not given.
        shortname -> Nullable<Text>,
        /// The number.
        value -> Float8,
        /// When the object was created.
        created -> Timestamp,
        /// When the object was last changed.
        lastupdated -> Timestamp,
    }
}

diesel::table! {
    /// Published states of the analytics views; the newest row is what readers see.
    data_versions (data_version_id) {
        /// Version.
        data_version_id -> Int8,
        /// When the refresh was published.
        refreshed_at -> Timestamptz,
        /// The newest delivery holds everything until this moment; null when unknown.
        imported_through -> Nullable<Timestamptz>,
        /// Newest import it contains.
        last_import_run_id -> Nullable<Int8>,
        /// How long the refresh took, milliseconds.
        duration_ms -> Int8,
        /// False once the tables that hold the version were built anew, empty.
        is_readable -> Bool,
    }
}

diesel::table! {
    /// Questions that events answer.
    dataelement (dataelementid) {
        /// Internal key.
        dataelementid -> Int8,
        /// DHIS2 identifier; the key in eventdatavalues.
        uid -> Text,
        /// Code, unique when set.
        code -> Nullable<Text>,
        /// Name shown to people.
        name -> Text,
        /// Short name.
        shortname -> Text,
        /// Name used in forms and list columns; null means the name.
        formname -> Nullable<Text>,
        /// DHIS2 value type, e.g. INTEGER, DATE, ORGANISATION_UNIT.
        valuetype -> Text,
        /// TRACKER or AGGREGATE.
        domaintype -> Text,
        /// How values are aggregated.
        aggregationtype -> Text,
        /// Category combination; null means the default one.
        categorycomboid -> Nullable<Int8>,
        /// Option set that limits the values; null for free values.
        optionsetid -> Nullable<Int8>,
        /// Whether zero is kept in aggregates.
        zeroissignificant -> Bool,
        /// DHIS2 sharing settings.
        sharing -> Jsonb,
        /// Values of custom attributes.
        attributevalues -> Jsonb,
        /// When the object was created.
        created -> Timestamp,
        /// When the object was last changed.
        lastupdated -> Timestamp,
    }
}

diesel::table! {
    /// Stays: top-level inpatient contacts, one row each ("Fälle = Einrichtungskontakte").
    encounters (encounter_id) {
        /// Internal key.
        encounter_id -> Int8,
        /// Clinic.
        clinic_id -> Int8,
        /// Pseudonym of the patient.
        patient_pseudo_id -> Text,
        /// Encounter.id of the delivery.
        fhir_id -> Text,
        /// Identifier of type VN; null when not sent.
        admission_number -> Nullable<Text>,
        /// Local calendar day of admission.
        admission_date -> Date,
        /// Local calendar day of discharge; null while open.
        discharge_date -> Nullable<Date>,
        /// Instant of admission; null when only the day is known.
        admitted_at -> Nullable<Timestamptz>,
        /// Instant of discharge; null while open or when only the day is known.
        discharged_at -> Nullable<Timestamptz>,
        /// Bed days (Belegungstage): nights, at least 1; null while open.
        length_of_stay -> Nullable<Int4>,
        /// REFERRAL, EMERGENCY, TRANSFER, REHABILITATION, BIRTH or UNKNOWN.
        admission_type -> Text,
        /// Admission source as delivered (Aufnahmeanlass); null when not sent.
        admission_source_code -> Nullable<Text>,
        /// First two digits of the admission reason (Aufnahmegrund); null when not sent.
        admission_reason_code -> Nullable<Text>,
        /// REGULAR, AGAINST_ADVICE, TRANSFER, DEATH, REHABILITATION, NURSING, HOSPICE, INTERNAL_TRANSFER, ADMINISTRATIVE, READMISSION, ABSENCE, OPEN or UNKNOWN.
        discharge_type -> Text,
        /// Discharge reason as delivered (Entlassungsgrund); null when not sent.
        discharge_reason_code -> Nullable<Text>,
        /// FULL (inpatient), DAY (day care) or HOME (home-equivalent).
        case_kind -> Text,
        /// Completed years at admission; null when the birth is not known.
        age_at_admission -> Nullable<Int2>,
        /// FHIR status: in-progress, onleave, finished or unknown.
        status -> Text,
        /// meta.lastUpdated of the winning version; null when not sent.
        fhir_updated_at -> Nullable<Timestamptz>,
        /// meta.versionId of the winning version; null when not numeric.
        fhir_version -> Nullable<Int8>,
    }
}

diesel::table! {
    /// Enrolments of tracked entities in programs.
    enrollment (enrollmentid) {
        /// Internal key.
        enrollmentid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// When it was stored.
        created -> Timestamp,
        /// When it was last changed.
        lastupdated -> Timestamp,
        /// When the client made it; null when not sent.
        createdatclient -> Nullable<Timestamp>,
        /// When the client changed it; null when not sent.
        lastupdatedatclient -> Nullable<Timestamp>,
        /// Incident date; null when not recorded.
        occurreddate -> Nullable<Timestamp>,
        /// Day of enrolment.
        enrollmentdate -> Timestamp,
        /// When it was completed; null while it is not.
        completeddate -> Nullable<Timestamp>,
        /// Username that completed it.
        completedby -> Nullable<Text>,
        /// Whether it is marked for follow-up.
        followup -> Bool,
        /// Whether it is deleted.
        deleted -> Bool,
        /// ACTIVE, COMPLETED or CANCELLED.
        status -> Text,
        /// Tracked entity.
        trackedentityid -> Int8,
        /// Program.
        programid -> Int8,
        /// Unit that enrolled it.
        organisationunitid -> Int8,
        /// Option combination.
        attributeoptioncomboid -> Int8,
        /// Username that stored it.
        storedby -> Nullable<Text>,
        /// GeoJSON; null when not recorded.
        geometry -> Nullable<Jsonb>,
        /// Who stored it, as at that time.
        createdbyuserinfo -> Nullable<Jsonb>,
        /// Who last changed it, as at that time.
        lastupdatedbyuserinfo -> Nullable<Jsonb>,
    }
}

diesel::table! {
    /// Notes of an enrolment, in order.
    enrollment_notes (enrollmentid, sort_order) {
        /// Enrolment.
        enrollmentid -> Int8,
        /// Place, from 1.
        sort_order -> Int4,
        /// Note.
        noteid -> Int8,
    }
}

diesel::table! {
    /// Events that are not deleted, counted; exact together with eventcountchange.
    eventcount (store, programstageid, organisationunitid, month, status, attributeoptioncomboid) {
        /// S for single events, T for tracker events.
        store -> Text,
        /// Stage.
        programstageid -> Int8,
        /// Unit that lists select by: the own one of single events, the owner of tracker events.
        organisationunitid -> Int8,
        /// First day of the month in which they occurred; infinity for events without a date.
        month -> Date,
        /// State.
        status -> Text,
        /// Option combination.
        attributeoptioncomboid -> Int8,
        /// How many.
        events -> Int8,
    }
}

diesel::table! {
    /// Changes of the counts since they were last folded into eventcount.
    eventcountchange (eventcountchangeid) {
        /// Internal key.
        eventcountchangeid -> Int8,
        /// As in eventcount.
        store -> Text,
        /// As in eventcount.
        programstageid -> Int8,
        /// As in eventcount.
        organisationunitid -> Int8,
        /// As in eventcount.
        month -> Date,
        /// As in eventcount.
        status -> Text,
        /// As in eventcount.
        attributeoptioncomboid -> Int8,
        /// How many came; negative when they went.
        events -> Int8,
    }
}

diesel::table! {
    /// Saved views of the working lists of event programs.
    eventfilter (eventfilterid) {
        /// Internal key.
        eventfilterid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// Code, unique when set.
        code -> Nullable<Text>,
        /// Name shown to people.
        name -> Text,
        /// What the view is for; null when not given.
        description -> Nullable<Text>,
        /// Identifier of the program.
        program -> Text,
        /// Identifier of the stage; null for the only one.
        programstage -> Nullable<Text>,
        /// Filters, order and columns as the client wrote them.
        eventquerycriteria -> Jsonb,
        /// DHIS2 sharing settings.
        sharing -> Jsonb,
        /// When the object was created.
        created -> Timestamp,
        /// When the object was last changed.
        lastupdated -> Timestamp,
    }
}

diesel::table! {
    /// Files and pictures that values of events and attributes name.
    fileresource (fileresourceid) {
        /// Internal key.
        fileresourceid -> Int8,
        /// DHIS2 identifier; the value of a data element of type FILE_RESOURCE or IMAGE.
        uid -> Text,
        /// Code, unique when set.
        code -> Nullable<Text>,
        /// Name of the file as it was sent.
        name -> Text,
        /// Media type, e.g. image/png.
        contenttype -> Text,
        /// Size, bytes.
        contentlength -> Int8,
        /// MD5 of the content, hexadecimal.
        contentmd5 -> Text,
        /// Where DHIS2 keeps the content; here the content is in fileresourcecontent.
        storagekey -> Text,
        /// Whether a value names the file; others are removed by clinigraph remove-files after a while.
        isassigned -> Bool,
        /// What the file belongs to, e.g. DATA_VALUE; null in old rows.
        domain -> Nullable<Text>,
        /// Whether smaller copies of a picture are kept.
        hasmultiplestoragefiles -> Bool,
        /// Identifier of the event or tracked entity whose value names the file, or did so last; null for none.
        fileresourceowner -> Nullable<Text>,
        /// Person who sent it; null when not known.
        userid -> Nullable<Int8>,
        /// When it was stored.
        created -> Timestamp,
        /// When it was last changed.
        lastupdated -> Timestamp,
    }
}

diesel::table! {
    /// Contents of files. A file without a row here has been named, but its content is not here.
    fileresourcecontent (fileresourceid, dimension) {
        /// File.
        fileresourceid -> Int8,
        /// ORIGINAL as it was sent; SMALL, MEDIUM and LARGE are copies of a picture that are 256, 512 and 1024 pixels wide, kept where the picture is wider.
        dimension -> Text,
        /// The bytes.
        content -> Bytea,
    }
}

diesel::table! {
    /// Blocks (groups) of ICD-10-GM 2023.
    icd10_blocks (block) {
        /// Range as written, e.g. "A00-A09", or one category, e.g. "B99".
        block -> Text,
        /// Chapter.
        chapter -> Text,
        /// First three-character category.
        first_category -> Text,
        /// Last three-character category.
        last_category -> Text,
    }
}

diesel::table! {
    /// Titles of chapters, blocks and codes, each of the newest edition that has it; they go before those of imported data.
    icd10_catalogue_titles (code) {
        /// Chapter in Roman numerals, block such as I10-I15, or code with its dot.
        code -> Text,
        /// Title.
        title -> Text,
        /// Edition that it is taken from.
        year -> Int2,
    }
}

diesel::table! {
    /// ICD-10-GM catalogues whose titles the operator has loaded.
    icd10_catalogues (year) {
        /// Edition.
        year -> Int2,
        /// Who publishes it, to be named beside the titles.
        source -> Text,
    }
}

diesel::table! {
    /// Chapters of ICD-10-GM: numbers and ranges, which are facts; titles come from imported data.
    icd10_chapters (chapter) {
        /// Roman number, I to XXII.
        chapter -> Text,
        /// Order, 1 to 22.
        position -> Int2,
        /// First three-character category, e.g. A00.
        first_category -> Text,
        /// Last three-character category.
        last_category -> Text,
    }
}

diesel::table! {
    /// Titles of codes as seen in imported data: the most frequent display of each code.
    icd10_titles (code) {
        /// Code with its dot.
        code -> Text,
        /// Title.
        title -> Text,
    }
}

diesel::table! {
    /// Files of a FHIR delivery, to know one that comes again.
    import_files (import_run_id, file) {
        /// Import.
        import_run_id -> Int8,
        /// File within the delivery.
        file -> Text,
        /// SHA-256 of its bytes and of how they are mapped, hexadecimal.
        sha256 -> Text,
        /// Its size.
        bytes -> Int8,
    }
}

diesel::table! {
    /// What an import met, counted by rule: lines put aside and what the data left open.
    import_findings (import_run_id, rule) {
        /// Import.
        import_run_id -> Int8,
        /// Rule, a stable code: those of the quarantine, and CONTACT_UNKNOWN, STATION_GAP ...
        rule -> Text,
        /// How often.
        count -> Int8,
    }
}

diesel::table! {
    /// Imports and generator runs, each with its counts.
    import_runs (import_run_id) {
        /// Internal key.
        import_run_id -> Int8,
        /// What was imported.
        kind -> Text,
        /// File or folder name as given.
        source -> Text,
        /// Clinic of a FHIR delivery; null for other kinds.
        clinic_id -> Nullable<Int8>,
        /// When it began.
        started_at -> Timestamptz,
        /// When it ended; null while it runs or after a crash.
        finished_at -> Nullable<Timestamptz>,
        /// State.
        status -> Text,
        /// The delivery holds everything until this moment; null when it does not say.
        data_through -> Nullable<Timestamptz>,
        /// Rows added.
        created_rows -> Int8,
        /// Rows changed.
        updated_rows -> Int8,
        /// Rows equal to what was stored.
        unchanged_rows -> Int8,
        /// Lines put aside.
        quarantined_rows -> Int8,
        /// Whether the delivery stood for all data of its clinic, so that what it did not hold was removed.
        is_full -> Bool,
        /// Why the delivery was refused, without patient data; null when it was not.
        refused_because -> Nullable<Text>,
    }
}

diesel::table! {
    /// One row: counts changes of metadata and users, so that caches know when to reload.
    metadataversion (singleton) {
        /// Always true.
        singleton -> Bool,
        /// Raised by every metadata import and user change.
        version -> Int8,
    }
}

diesel::table! {
    /// Notes on enrolments and events.
    note (noteid) {
        /// Internal key.
        noteid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// When it was stored.
        created -> Timestamp,
        /// The text.
        notetext -> Text,
        /// Username given by the client.
        creator -> Nullable<Text>,
        /// Person who wrote it.
        lastupdatedby -> Nullable<Int8>,
    }
}

diesel::table! {
    /// Observations: measurements and laboratory results, a partition per month.
    observations (clinic_id, fhir_id, observed_on) {
        /// Clinic.
        clinic_id -> Int8,
        /// Observation.id of the delivery.
        fhir_id -> Text,
        /// Local day; '-infinity' when the delivery states none.
        observed_on -> Date,
        /// Instant; null when only the day is known.
        observed_at -> Nullable<Timestamptz>,
        /// Pseudonym of the patient; null when the reference is not known.
        patient_pseudo_id -> Nullable<Text>,
        /// Stay; null outside every known stay.
        encounter_id -> Nullable<Int8>,
        /// Code system as delivered, e.g. the URL of LOINC.
        code_system -> Text,
        /// Code, e.g. 8867-4.
        code -> Text,
        /// Numeric value; null for others.
        value_number -> Nullable<Float8>,
        /// Coded or textual value; null for numbers.
        value_text -> Nullable<Text>,
        /// Unit of the number (UCUM); null when not sent.
        unit -> Nullable<Text>,
        /// FHIR status: final, amended, corrected or unknown.
        status -> Text,
        /// meta.lastUpdated of the winning version; null when not sent.
        fhir_updated_at -> Nullable<Timestamptz>,
        /// meta.versionId of the winning version; null when not numeric.
        fhir_version -> Nullable<Int8>,
        /// Contact that the observation names, unless it is the stay itself: Encounter/id or Encounter?identifier=system|value. Unresolved when the stay is null.
        encounter_reference -> Nullable<Text>,
        /// Patient as system|value when no id was sent; null otherwise.
        patient_reference -> Nullable<Text>,
        /// Hash of the resource as it was mapped; null when it was not delivered.
        fhir_body -> Nullable<Int8>,
    }
}

diesel::table! {
    /// Closed lists of values a data element or attribute may take (DHIS2 option set).
    optionset (optionsetid) {
        /// Internal key.
        optionsetid -> Int8,
        /// DHIS2 identifier, 11 characters.
        uid -> Text,
        /// Code given by the country, unique when set.
        code -> Nullable<Text>,
        /// Name shown to people.
        name -> Text,
        /// DHIS2 value type of the options, e.g. TEXT.
        valuetype -> Text,
        /// When the object was created.
        created -> Timestamp,
        /// When the object was last changed.
        lastupdated -> Timestamp,
    }
}

diesel::table! {
    /// Options of the option sets (DHIS2 keeps them under this name).
    optionvalue (optionvalueid) {
        /// Internal key.
        optionvalueid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// Value as it is stored in events and attributes.
        code -> Text,
        /// Name shown to people.
        name -> Text,
        /// Place within the option set, ascending; null sorts last.
        sort_order -> Nullable<Int4>,
        /// Option set it belongs to.
        optionsetid -> Int8,
    }
}

diesel::table! {
    /// The tree of countries, districts, facilities, clinics and stations.
    organisationunit (organisationunitid) {
        /// Internal key.
        organisationunitid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// Code, unique when set.
        code -> Nullable<Text>,
        /// Name shown to people.
        name -> Text,
        /// Short name, 50 characters at most in DHIS2.
        shortname -> Text,
        /// Unit above; null for a root.
        parentid -> Nullable<Int8>,
        /// Identifiers from the root down, "/uid/uid"; a subtree is one prefix.
        path -> Text,
        /// Depth in the tree; a root has 1.
        hierarchylevel -> Int4,
        /// First day of operation.
        openingdate -> Date,
        /// Last day of operation; null while open.
        closeddate -> Nullable<Date>,
        /// Values of custom attributes, {attribute uid: {"value": text}}.
        attributevalues -> Jsonb,
        /// When the object was created.
        created -> Timestamp,
        /// When the object was last changed.
        lastupdated -> Timestamp,
    }
}

diesel::table! {
    /// Groups of organisation units, which program rules ask for.
    orgunitgroup (orgunitgroupid) {
        /// Internal key.
        orgunitgroupid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// Code, unique when set.
        code -> Nullable<Text>,
        /// Name shown to people.
        name -> Text,
        /// Short name; null when not given.
        shortname -> Nullable<Text>,
        /// When the object was created.
        created -> Timestamp,
        /// When the object was last changed.
        lastupdated -> Timestamp,
    }
}

diesel::table! {
    /// Units of a group.
    orgunitgroupmembers (orgunitgroupid, organisationunitid) {
        /// Group.
        orgunitgroupid -> Int8,
        /// Unit.
        organisationunitid -> Int8,
    }
}

diesel::table! {
    /// Pseudonymised patients, one row per clinic and pseudonym. Equal pseudonyms in two clinics are one person.
    patients (clinic_id, patient_pseudo_id) {
        /// Clinic that delivered it.
        clinic_id -> Int8,
        /// Pseudonym, unique within the group of clinics.
        patient_pseudo_id -> Text,
        /// Administrative sex.
        sex -> Text,
        /// Year of birth; null when not known.
        birth_year -> Nullable<Int2>,
        /// Month of birth; null when not known.
        birth_month -> Nullable<Int2>,
        /// Day of death; null when alive or not known.
        deceased_on -> Nullable<Date>,
        /// Patient.id of the delivery.
        fhir_id -> Text,
        /// meta.lastUpdated of the winning version; null when not sent.
        fhir_updated_at -> Nullable<Timestamptz>,
        /// meta.versionId of the winning version; null when not numeric.
        fhir_version -> Nullable<Int8>,
        /// Whether only stays name the patient: the delivery held no Patient of this pseudonym.
        is_stub -> Bool,
        /// Hash of the resource as it was mapped; null when it was not delivered.
        fhir_body -> Nullable<Int8>,
    }
}

diesel::table! {
    /// Programs: WITHOUT_REGISTRATION collects single events, WITH_REGISTRATION follows tracked entities.
    program (programid) {
        /// Internal key.
        programid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// Code, unique when set.
        code -> Nullable<Text>,
        /// Name shown to people.
        name -> Text,
        /// Short name.
        shortname -> Text,
        /// WITH_REGISTRATION or WITHOUT_REGISTRATION; decides the event table.
        #[sql_name = "type"]
        type_ -> Text,
        /// OPEN, AUDITED, PROTECTED or CLOSED.
        accesslevel -> Text,
        /// Category combination of its events; null means the default one.
        categorycomboid -> Nullable<Int8>,
        /// Category combination of its enrolments; null means the default one.
        enrollmentcategorycomboid -> Nullable<Int8>,
        /// Kind of entity it enrols; null for event programs.
        trackedentitytypeid -> Nullable<Int8>,
        /// Days after the period in which events may be changed; 0 for no limit.
        expirydays -> Int4,
        /// Days after completion in which events may be changed; 0 for no limit.
        completeeventsexpirydays -> Int4,
        /// Period type of the expiry; null for none.
        expiryperiodtype -> Nullable<Text>,
        /// Whether an entity may enrol once only.
        onlyenrollonce -> Bool,
        /// Whether enrolments carry an incident date.
        displayincidentdate -> Bool,
        /// Days an option stays open after its end date.
        opendaysaftercoenddate -> Int4,
        /// Whether changes are logged.
        enablechangelog -> Bool,
        /// Geometry kind of the enrolment; null when the metadata name none.
        featuretype -> Nullable<Text>,
        /// DHIS2 sharing settings.
        sharing -> Jsonb,
        /// Values of custom attributes.
        attributevalues -> Jsonb,
        /// When the object was created.
        created -> Timestamp,
        /// When the object was last changed.
        lastupdated -> Timestamp,
    }
}

diesel::table! {
    /// Attributes that a program asks at enrolment.
    program_attributes (programid, trackedentityattributeid) {
        /// Program.
        programid -> Int8,
        /// Attribute.
        trackedentityattributeid -> Int8,
        /// Place in forms.
        sort_order -> Int4,
        /// Whether a value is required.
        mandatory -> Bool,
        /// Whether people may search by it.
        searchable -> Bool,
        /// Whether lists show it.
        displayinlist -> Bool,
    }
}

diesel::table! {
    /// Units a program is used in.
    program_organisationunits (programid, organisationunitid) {
        /// Program.
        programid -> Int8,
        /// Unit.
        organisationunitid -> Int8,
    }
}

diesel::table! {
    /// Former owners, written at each transfer.
    programownershiphistory (programownershiphistoryid) {
        /// Internal key.
        programownershiphistoryid -> Int8,
        /// Program.
        programid -> Int8,
        /// Tracked entity.
        trackedentityid -> Int8,
        /// Unit that owned it.
        organisationunitid -> Int8,
        /// When it became the owner.
        startdate -> Timestamp,
        /// When it ceased to be the owner.
        enddate -> Timestamp,
        /// Username that moved it.
        createdby -> Text,
    }
}

diesel::table! {
    /// Program rules: conditions under which an import warns, refuses, assigns or requires values.
    programrule (programruleid) {
        /// Internal key.
        programruleid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// Code, unique when set.
        code -> Nullable<Text>,
        /// Name shown to people.
        name -> Text,
        /// What it is for; null when not given.
        description -> Nullable<Text>,
        /// Program it belongs to.
        programid -> Int8,
        /// Only stage whose events it is about; null for every event and the enrolment.
        programstageid -> Nullable<Int8>,
        /// Expression that is true when the actions are taken, as sent.
        rulecondition -> Text,
        /// Place in the order of rules, ascending; null is last.
        priority -> Nullable<Int4>,
        /// When the object was created.
        created -> Timestamp,
        /// When the object was last changed.
        lastupdated -> Timestamp,
    }
}

diesel::table! {
    /// What follows from program rules; actions of a client's screen are kept and do nothing on import.
    programruleaction (programruleactionid) {
        /// Internal key.
        programruleactionid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// Code, unique when set.
        code -> Nullable<Text>,
        /// Rule it belongs to.
        programruleid -> Int8,
        /// DHIS2 action type, e.g. SHOWERROR or ASSIGN.
        actiontype -> Text,
        /// Data element it is about; null for none.
        dataelementid -> Nullable<Int8>,
        /// Attribute it is about; null for none.
        trackedentityattributeid -> Nullable<Int8>,
        /// Stage it is about; null for none.
        programstageid -> Nullable<Int8>,
        /// Where a client shows it; null when not given.
        location -> Nullable<Text>,
        /// Text that is shown, or the variable that is assigned to; null for none.
        content -> Nullable<Text>,
        /// Expression whose value is shown or assigned, as sent; null for none.
        data -> Nullable<Text>,
        /// When the object was created.
        created -> Timestamp,
        /// When the object was last changed.
        lastupdated -> Timestamp,
    }
}

diesel::table! {
    /// Names by which program rules refer to values, #{name} and A{name}.
    programrulevariable (programrulevariableid) {
        /// Internal key.
        programrulevariableid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// Code, unique when set.
        code -> Nullable<Text>,
        /// Name in expressions.
        name -> Text,
        /// Program whose rules know it.
        programid -> Int8,
        /// Where its value comes from, DHIS2's words.
        sourcetype -> Text,
        /// Data element whose value it has; null for other sources.
        dataelementid -> Nullable<Int8>,
        /// Attribute whose value it has; null for other sources.
        trackedentityattributeid -> Nullable<Int8>,
        /// Stage whose newest event counts; null for other sources.
        programstageid -> Nullable<Int8>,
        /// Whether rules see the code of an option instead of its name.
        usecodeforoptionset -> Bool,
        /// DHIS2 value type of a calculated value.
        valuetype -> Text,
        /// When the object was created.
        created -> Timestamp,
        /// When the object was last changed.
        lastupdated -> Timestamp,
    }
}

diesel::table! {
    /// Stages of a program; an event program has exactly one.
    programstage (programstageid) {
        /// Internal key.
        programstageid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// Code given by the country.
        code -> Nullable<Text>,
        /// Name shown to people.
        name -> Text,
        /// Program; null for a stage that no program lists.
        programid -> Nullable<Int8>,
        /// Place within the program; null sorts last.
        sort_order -> Nullable<Int4>,
        /// Whether an enrolment may have several events of it.
        repeatable -> Bool,
        /// Days after enrolment at which an event is due.
        mindaysfromstart -> Int4,
        /// Whether the form is closed after completion.
        blockentryform -> Bool,
        /// Whether events may be assigned to a person.
        enableuserassignment -> Bool,
        /// When mandatory values are checked.
        validationstrategy -> Text,
        /// Geometry kind: NONE, POINT or POLYGON; null when the metadata name none.
        featuretype -> Nullable<Text>,
        /// Whether forms hide the due date.
        hideduedate -> Bool,
        /// Whether the stage is a referral.
        referral -> Bool,
        /// DHIS2 sharing settings; an event program's own sharing is copied here.
        sharing -> Jsonb,
        /// Values of custom attributes.
        attributevalues -> Jsonb,
    }
}

diesel::table! {
    /// Data elements of a stage: the columns of its working lists.
    programstagedataelement (programstagedataelementid) {
        /// Internal key.
        programstagedataelementid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// Stage.
        programstageid -> Int8,
        /// Data element.
        dataelementid -> Int8,
        /// Whether a value is required.
        compulsory -> Bool,
        /// Whether a value may be marked as given elsewhere.
        allowprovidedelsewhere -> Bool,
        /// Place in forms and lists; null sorts last.
        sort_order -> Nullable<Int4>,
        /// Whether lists show it at once.
        displayinreports -> Bool,
        /// Whether dates in the future are accepted.
        allowfuturedate -> Bool,
    }
}

diesel::table! {
    /// Saved views of the working lists of stages of tracker programs.
    programstageworkinglist (programstageworkinglistid) {
        /// Internal key.
        programstageworkinglistid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// Code, unique when set.
        code -> Nullable<Text>,
        /// Name shown to people.
        name -> Text,
        /// What the view is for; null when not given.
        description -> Nullable<Text>,
        /// Program.
        programid -> Int8,
        /// Stage whose events are listed.
        programstageid -> Int8,
        /// Filters, order and columns as the client wrote them.
        programstagequerycriteria -> Jsonb,
        /// DHIS2 sharing settings.
        sharing -> Jsonb,
        /// When the object was created.
        created -> Timestamp,
        /// When the object was last changed.
        lastupdated -> Timestamp,
    }
}

diesel::table! {
    /// Temporary access to a tracked entity of a protected program ("break the glass").
    programtempowner (programtempownerid) {
        /// Internal key.
        programtempownerid -> Int8,
        /// Program.
        programid -> Int8,
        /// Tracked entity.
        trackedentityid -> Int8,
        /// Person who has access.
        userid -> Int8,
        /// When the access ends.
        validtill -> Timestamp,
        /// Reason given.
        reason -> Text,
    }
}

diesel::table! {
    /// Who took temporary access (programtempowner) to which tracked entity, and why; kept for types with allowauditlog.
    programtempownershipaudit (programtempownershipauditid) {
        /// Internal key.
        programtempownershipauditid -> Int8,
        /// Program.
        programid -> Int8,
        /// Tracked entity.
        trackedentityid -> Int8,
        /// When the access began.
        created -> Timestamp,
        /// Username that took it.
        accessedby -> Text,
        /// Reason given.
        reason -> Text,
    }
}

diesel::table! {
    /// Lines that could not be imported. Holds no clinical text.
    quarantine (quarantine_id) {
        /// Internal key.
        quarantine_id -> Int8,
        /// Import.
        import_run_id -> Int8,
        /// File within the delivery.
        file -> Text,
        /// Line of an NDJSON file, or entry of a bundle or list, from 1.
        line -> Int8,
        /// Type of the object; null when it could not be read.
        resource_type -> Nullable<Text>,
        /// Identifier of the object; null when it has none.
        resource_id -> Nullable<Text>,
        /// Rule that it breaks, a stable code, e.g. JSON_SYNTAX.
        rule -> Text,
        /// What is wrong, without values.
        message -> Text,
    }
}

diesel::table! {
    /// Every refresh that was begun, also one that failed.
    refresh_runs (refresh_run_id) {
        /// Internal key.
        refresh_run_id -> Int8,
        /// When it began, its wait for another refresh included.
        started_at -> Timestamptz,
        /// When it ended; null while it runs. For one that was killed, when the next one found out.
        finished_at -> Nullable<Timestamptz>,
        /// State.
        status -> Text,
        /// Version that it published; null unless it is done.
        data_version_id -> Nullable<Int8>,
        /// Why it failed, without patient data; null unless it did.
        failure -> Nullable<Text>,
    }
}

diesel::table! {
    /// Relationships between tracked entities, enrolments and events.
    relationship (relationshipid) {
        /// Internal key.
        relationshipid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// Kind of relationship.
        relationshiptypeid -> Int8,
        /// When it was stored.
        created -> Timestamp,
        /// When it was last changed.
        lastupdated -> Timestamp,
        /// When the client made it; null when not sent.
        createdatclient -> Nullable<Timestamp>,
        /// Whether it is deleted.
        deleted -> Bool,
    }
}

diesel::table! {
    /// The two ends of a relationship; exactly one of the four references is set.
    relationshipitem (relationshipid, side) {
        /// Relationship.
        relationshipid -> Int8,
        /// Which end it is.
        side -> Text,
        /// Tracked entity at this end.
        trackedentityid -> Nullable<Int8>,
        /// Enrolment at this end.
        enrollmentid -> Nullable<Int8>,
        /// Tracker event at this end.
        trackereventid -> Nullable<Int8>,
        /// Single event at this end.
        singleeventid -> Nullable<Int8>,
    }
}

diesel::table! {
    /// Kinds of relationships between tracked entities, enrolments and events.
    relationshiptype (relationshiptypeid) {
        /// Internal key.
        relationshiptypeid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// Code, unique when set.
        code -> Nullable<Text>,
        /// Name shown to people.
        name -> Text,
        /// Whether it reads in both directions.
        bidirectional -> Bool,
        /// Name read from the first to the second.
        fromtoname -> Nullable<Text>,
        /// Name read from the second to the first.
        tofromname -> Nullable<Text>,
        /// What may stand on the from side, as imported.
        fromconstraint -> Jsonb,
        /// What may stand on the to side, as imported.
        toconstraint -> Jsonb,
        /// DHIS2 sharing settings.
        sharing -> Jsonb,
        /// Values of custom attributes.
        attributevalues -> Jsonb,
    }
}

diesel::table! {
    /// Events of programs without registration, one row each; no enrolment.
    singleevent (eventid) {
        /// Internal key; breaks ties in every order.
        eventid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// When it was stored.
        created -> Timestamp,
        /// When it was last changed.
        lastupdated -> Timestamp,
        /// When the client made it; null when not sent.
        createdatclient -> Nullable<Timestamp>,
        /// When the client changed it; null when not sent.
        lastupdatedatclient -> Nullable<Timestamp>,
        /// Stage; leads to the program.
        programstageid -> Int8,
        /// Option combination.
        attributeoptioncomboid -> Int8,
        /// Whether it is deleted.
        deleted -> Bool,
        /// Username that stored it.
        storedby -> Nullable<Text>,
        /// When it happened.
        occurreddate -> Timestamp,
        /// Unit where it happened; also its scope unit.
        organisationunitid -> Int8,
        /// ACTIVE or COMPLETED.
        status -> Text,
        /// Username that completed it; null while it is not.
        completedby -> Nullable<Text>,
        /// When it was completed; null while it is not.
        completeddate -> Nullable<Timestamp>,
        /// GeoJSON; null when not recorded.
        geometry -> Nullable<Jsonb>,
        /// Values by data element uid: {uid: {"value": text, "created": …, "providedElsewhere": …}}.
        eventdatavalues -> Jsonb,
        /// Person it is assigned to; null for none.
        assigneduserid -> Nullable<Int8>,
        /// Who stored it, as at that time.
        createdbyuserinfo -> Nullable<Jsonb>,
        /// Who last changed it, as at that time.
        lastupdatedbyuserinfo -> Nullable<Jsonb>,
    }
}

diesel::table! {
    /// Notes of a single event, in order.
    singleevent_notes (eventid, sort_order) {
        /// Event.
        eventid -> Int8,
        /// Place, from 1.
        sort_order -> Int4,
        /// Note.
        noteid -> Int8,
    }
}

diesel::table! {
    /// What changed in single events, one row for each value or field; written while the program has enablechangelog.
    singleeventchangelog (eventchangelogid) {
        /// Internal key.
        eventchangelogid -> Int8,
        /// Event.
        eventid -> Int8,
        /// Data element whose value changed; null when a field did.
        dataelementid -> Nullable<Int8>,
        /// Field that changed: occurredAt, geometry; null when a value did.
        eventfield -> Nullable<Text>,
        /// What it is since; null when it was taken away.
        currentvalue -> Nullable<Text>,
        /// What it was before; null when there was none.
        previousvalue -> Nullable<Text>,
        /// CREATE, UPDATE or DELETE.
        changelogtype -> Text,
        /// When it changed.
        created -> Timestamp,
        /// Username that changed it.
        createdby -> Text,
    }
}

diesel::table! {
    /// Station contacts of a stay, in order; equal neighbours are merged.
    station_transfers (station_transfer_id) {
        /// Internal key.
        station_transfer_id -> Int8,
        /// Stay.
        encounter_id -> Int8,
        /// Station.
        station_id -> Int8,
        /// Order within the stay, from 1.
        sequence -> Int2,
        /// Arrival.
        started_at -> Timestamptz,
        /// Departure; null while the patient is there.
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Wards of a clinic; each is an organisation unit below its clinic.
    stations (station_id) {
        /// The unit.
        station_id -> Int8,
        /// Clinic.
        clinic_id -> Int8,
        /// Namespace of the identifier; empty when none was sent.
        identifier_system -> Text,
        /// Identifier within the clinic.
        identifier_value -> Text,
        /// Four-digit department key; null when not known.
        department_key -> Nullable<Text>,
        /// Name as the delivery gave it; a unit with another name was renamed since. Null when it was not delivered.
        delivered_name -> Nullable<Text>,
    }
}

diesel::table! {
    /// Stays and patients that changed since the last refresh; one may be named more than once.
    stay_changes (stay_change_id) {
        /// Internal key.
        stay_change_id -> Int8,
        /// Stay of which a row came, changed or went, itself maybe gone; null where a patient is named.
        encounter_id -> Nullable<Int8>,
        /// Pseudonym of a patient who changed: a stay of theirs may be stored at the same moment, so stays are looked up by the refresh. Null where a stay is named.
        patient_pseudo_id -> Nullable<Text>,
    }
}

diesel::table! {
    /// Tracked entities: people and things followed over time.
    trackedentity (trackedentityid) {
        /// Internal key.
        trackedentityid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// When it was stored.
        created -> Timestamp,
        /// When it was last changed.
        lastupdated -> Timestamp,
        /// When the client made it; null when not sent.
        createdatclient -> Nullable<Timestamp>,
        /// When the client changed it; null when not sent.
        lastupdatedatclient -> Nullable<Timestamp>,
        /// Whether it is inactive.
        inactive -> Bool,
        /// Whether it is deleted.
        deleted -> Bool,
        /// Whether it may be a duplicate.
        potentialduplicate -> Bool,
        /// Unit that registered it.
        organisationunitid -> Int8,
        /// Kind of entity.
        trackedentitytypeid -> Int8,
        /// GeoJSON; null when not recorded.
        geometry -> Nullable<Jsonb>,
        /// Who stored it, as at that time.
        createdbyuserinfo -> Nullable<Jsonb>,
        /// Who last changed it, as at that time.
        lastupdatedbyuserinfo -> Nullable<Jsonb>,
    }
}

diesel::table! {
    /// Attributes of tracked entities, e.g. first name.
    trackedentityattribute (trackedentityattributeid) {
        /// Internal key.
        trackedentityattributeid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// Code, unique when set.
        code -> Nullable<Text>,
        /// Name shown to people.
        name -> Text,
        /// Short name.
        shortname -> Text,
        /// Name used in forms; null means the name.
        formname -> Nullable<Text>,
        /// DHIS2 value type.
        valuetype -> Text,
        /// How values are aggregated.
        aggregationtype -> Text,
        /// Option set that limits the values; null for free values.
        optionsetid -> Nullable<Int8>,
        /// Whether a value belongs to one entity only.
        uniquefield -> Bool,
        /// Shortest search text that is accepted.
        mincharacterstosearch -> Int4,
        /// Filter operators that are refused.
        blockedsearchoperators -> Jsonb,
        /// Filter operator a client offers first; null for none.
        preferredsearchoperator -> Nullable<Text>,
        /// Whether a trigram index may be built.
        trigramindexable -> Bool,
        /// DHIS2 sharing settings.
        sharing -> Jsonb,
        /// Values of custom attributes.
        attributevalues -> Jsonb,
    }
}

diesel::table! {
    /// Attribute values of tracked entities.
    trackedentityattributevalue (trackedentityid, trackedentityattributeid) {
        /// Tracked entity.
        trackedentityid -> Int8,
        /// Attribute.
        trackedentityattributeid -> Int8,
        /// Value as text.
        value -> Text,
        /// When it was stored.
        created -> Timestamp,
        /// When it was last changed.
        lastupdated -> Timestamp,
        /// Username that stored it; null when not known.
        storedby -> Nullable<Text>,
    }
}

diesel::table! {
    /// Unit that owns a tracked entity within a program; moves with a transfer.
    trackedentityprogramowner (trackedentityprogramownerid) {
        /// Internal key.
        trackedentityprogramownerid -> Int8,
        /// Tracked entity.
        trackedentityid -> Int8,
        /// Program.
        programid -> Int8,
        /// Owner unit.
        organisationunitid -> Int8,
        /// When it was stored.
        created -> Timestamp,
        /// When it was last changed.
        lastupdated -> Timestamp,
        /// Username that stored it.
        createdby -> Text,
    }
}

diesel::table! {
    /// Kinds of tracked entities, e.g. person.
    trackedentitytype (trackedentitytypeid) {
        /// Internal key.
        trackedentitytypeid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// Code, unique when set.
        code -> Nullable<Text>,
        /// Name shown to people.
        name -> Text,
        /// Short name.
        shortname -> Nullable<Text>,
        /// Whether reads are audited.
        allowauditlog -> Bool,
        /// Whether changes are logged.
        enablechangelog -> Bool,
        /// Geometry kind: NONE, POINT or POLYGON; null when the metadata name none.
        featuretype -> Nullable<Text>,
        /// DHIS2 sharing settings.
        sharing -> Jsonb,
        /// Values of custom attributes.
        attributevalues -> Jsonb,
    }
}

diesel::table! {
    /// Attributes that a kind of tracked entity has.
    trackedentitytypeattribute (trackedentitytypeid, trackedentityattributeid) {
        /// Kind of entity.
        trackedentitytypeid -> Int8,
        /// Attribute.
        trackedentityattributeid -> Int8,
        /// Place in forms.
        sort_order -> Int4,
        /// Whether a value is required.
        mandatory -> Bool,
        /// Whether people may search by it.
        searchable -> Bool,
        /// Whether lists show it.
        displayinlist -> Bool,
    }
}

diesel::table! {
    /// Events of enrolments in programs with registration.
    trackerevent (eventid) {
        /// Internal key; breaks ties in every order.
        eventid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// When it was stored.
        created -> Timestamp,
        /// When it was last changed.
        lastupdated -> Timestamp,
        /// When the client made it; null when not sent.
        createdatclient -> Nullable<Timestamp>,
        /// When the client changed it; null when not sent.
        lastupdatedatclient -> Nullable<Timestamp>,
        /// Enrolment.
        enrollmentid -> Int8,
        /// Stage; leads to the program.
        programstageid -> Int8,
        /// Option combination.
        attributeoptioncomboid -> Int8,
        /// Whether it is deleted.
        deleted -> Bool,
        /// Username that stored it.
        storedby -> Nullable<Text>,
        /// When it happened; null for an event that is only scheduled.
        occurreddate -> Nullable<Timestamp>,
        /// When it is due; null when not scheduled.
        scheduleddate -> Nullable<Timestamp>,
        /// Unit where it happened; shown in answers.
        organisationunitid -> Int8,
        /// Owner of the entity within the program; the scope unit of lists. Kept equal to trackedentityprogramowner.
        ownerorganisationunitid -> Int8,
        /// ACTIVE, COMPLETED, SCHEDULE, OVERDUE or SKIPPED.
        status -> Text,
        /// Username that completed it; null while it is not.
        completedby -> Nullable<Text>,
        /// When it was completed; null while it is not.
        completeddate -> Nullable<Timestamp>,
        /// GeoJSON; null when not recorded.
        geometry -> Nullable<Jsonb>,
        /// Values by data element uid: {uid: {"value": text, "created": …, "providedElsewhere": …}}.
        eventdatavalues -> Jsonb,
        /// Person it is assigned to; null for none.
        assigneduserid -> Nullable<Int8>,
        /// Who stored it, as at that time.
        createdbyuserinfo -> Nullable<Jsonb>,
        /// Who last changed it, as at that time.
        lastupdatedbyuserinfo -> Nullable<Jsonb>,
    }
}

diesel::table! {
    /// Notes of a tracker event, in order.
    trackerevent_notes (eventid, sort_order) {
        /// Event.
        eventid -> Int8,
        /// Place, from 1.
        sort_order -> Int4,
        /// Note.
        noteid -> Int8,
    }
}

diesel::table! {
    /// What changed in tracker events, one row for each value or field; written while the program has enablechangelog.
    trackereventchangelog (eventchangelogid) {
        /// Internal key.
        eventchangelogid -> Int8,
        /// Event.
        eventid -> Int8,
        /// Data element whose value changed; null when a field did.
        dataelementid -> Nullable<Int8>,
        /// Field that changed: occurredAt, scheduledAt, geometry; null when a value did.
        eventfield -> Nullable<Text>,
        /// What it is since; null when it was taken away.
        currentvalue -> Nullable<Text>,
        /// What it was before; null when there was none.
        previousvalue -> Nullable<Text>,
        /// CREATE, UPDATE or DELETE.
        changelogtype -> Text,
        /// When it changed.
        created -> Timestamp,
        /// Username that changed it.
        createdby -> Text,
    }
}

diesel::table! {
    /// Tracker imports that were asked for without waiting, for a day after they end.
    trackerjob (trackerjobid) {
        /// Internal key.
        trackerjobid -> Int8,
        /// Identifier under which it is asked for.
        uid -> Text,
        /// Person who imports.
        userid -> Int8,
        /// When it was asked for.
        created -> Timestamptz,
        /// When it ended; null while it waits or runs, or when the server stopped under it.
        finished -> Nullable<Timestamptz>,
        /// Its import report; null until it ended, and when it failed.
        report -> Nullable<Jsonb>,
        /// Why it failed, in words; null when it did not.
        failure -> Nullable<Text>,
    }
}

diesel::table! {
    /// Data-view scope: units, with all below, whose analytics a person sees; none means the capture scope.
    userdatavieworgunits (userinfoid, organisationunitid) {
        /// Person.
        userinfoid -> Int8,
        /// Unit.
        organisationunitid -> Int8,
    }
}

diesel::table! {
    /// Groups of people, used in sharing settings.
    usergroup (usergroupid) {
        /// Internal key.
        usergroupid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// Code, unique when set.
        code -> Nullable<Text>,
        /// Name shown to people.
        name -> Text,
    }
}

diesel::table! {
    /// People of a group.
    usergroupmembers (usergroupid, userinfoid) {
        /// Group.
        usergroupid -> Int8,
        /// Person.
        userinfoid -> Int8,
    }
}

diesel::table! {
    /// People who use the system.
    userinfo (userinfoid) {
        /// Internal key.
        userinfoid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// Code, unique when set.
        code -> Nullable<Text>,
        /// Name used to sign in.
        username -> Text,
        /// First name.
        firstname -> Text,
        /// Family name.
        surname -> Text,
        /// Address; null when not known.
        email -> Nullable<Text>,
        /// Whether the person is locked out.
        disabled -> Bool,
        /// When the object was created.
        created -> Timestamp,
        /// When the object was last changed.
        lastupdated -> Timestamp,
        /// Name under which an OIDC provider knows the person, unique; null when none does.
        openid -> Nullable<Text>,
    }
}

diesel::table! {
    /// Capture scope: units, with all below, in which a person enters and reads data.
    usermembership (userinfoid, organisationunitid) {
        /// Person.
        userinfoid -> Int8,
        /// Unit.
        organisationunitid -> Int8,
    }
}

diesel::table! {
    /// Bundles of authorities.
    userrole (userroleid) {
        /// Internal key.
        userroleid -> Int8,
        /// DHIS2 identifier.
        uid -> Text,
        /// Code, unique when set.
        code -> Nullable<Text>,
        /// Name shown to people.
        name -> Text,
    }
}

diesel::table! {
    /// Authorities of a role; ALL is the superuser's.
    userroleauthorities (userroleid, authority) {
        /// Role.
        userroleid -> Int8,
        /// DHIS2 authority, e.g. ALL.
        authority -> Text,
    }
}

diesel::table! {
    /// Roles of a person.
    userrolemembers (userroleid, userinfoid) {
        /// Role.
        userroleid -> Int8,
        /// Person.
        userinfoid -> Int8,
    }
}

diesel::table! {
    /// Search scope: units, with all below, in which a person may search; none means the capture scope.
    userteisearchorgunits (userinfoid, organisationunitid) {
        /// Person.
        userinfoid -> Int8,
        /// Unit.
        organisationunitid -> Int8,
    }
}

diesel::joinable!(apitoken -> userinfo (userinfoid));
diesel::joinable!(categories_categoryoptions -> category (categoryid));
diesel::joinable!(categories_categoryoptions -> categoryoption (categoryoptionid));
diesel::joinable!(categorycombos_categories -> category (categoryid));
diesel::joinable!(categorycombos_categories -> categorycombo (categorycomboid));
diesel::joinable!(categorycombos_optioncombos -> categorycombo (categorycomboid));
diesel::joinable!(categorycombos_optioncombos -> categoryoptioncombo (categoryoptioncomboid));
diesel::joinable!(categoryoption_organisationunits -> categoryoption (categoryoptionid));
diesel::joinable!(categoryoption_organisationunits -> organisationunit (organisationunitid));
diesel::joinable!(categoryoptioncombos_categoryoptions -> categoryoption (categoryoptionid));
diesel::joinable!(categoryoptioncombos_categoryoptions -> categoryoptioncombo (categoryoptioncomboid));
diesel::joinable!(clinics -> organisationunit (clinic_id));
diesel::joinable!(conditions -> clinics (clinic_id));
diesel::joinable!(conditions -> encounters (encounter_id));
diesel::joinable!(conditions -> icd10_chapters (icd10_chapter));
diesel::joinable!(data_versions -> import_runs (last_import_run_id));
diesel::joinable!(dataelement -> categorycombo (categorycomboid));
diesel::joinable!(dataelement -> optionset (optionsetid));
diesel::joinable!(encounters -> clinics (clinic_id));
diesel::joinable!(enrollment -> categoryoptioncombo (attributeoptioncomboid));
diesel::joinable!(enrollment -> organisationunit (organisationunitid));
diesel::joinable!(enrollment -> program (programid));
diesel::joinable!(enrollment -> trackedentity (trackedentityid));
diesel::joinable!(enrollment_notes -> enrollment (enrollmentid));
diesel::joinable!(enrollment_notes -> note (noteid));
diesel::joinable!(fileresource -> userinfo (userid));
diesel::joinable!(fileresourcecontent -> fileresource (fileresourceid));
diesel::joinable!(icd10_blocks -> icd10_chapters (chapter));
diesel::joinable!(icd10_catalogue_titles -> icd10_catalogues (year));
diesel::joinable!(import_files -> import_runs (import_run_id));
diesel::joinable!(import_findings -> import_runs (import_run_id));
diesel::joinable!(import_runs -> clinics (clinic_id));
diesel::joinable!(note -> userinfo (lastupdatedby));
diesel::joinable!(observations -> clinics (clinic_id));
diesel::joinable!(observations -> encounters (encounter_id));
diesel::joinable!(optionvalue -> optionset (optionsetid));
diesel::joinable!(orgunitgroupmembers -> organisationunit (organisationunitid));
diesel::joinable!(orgunitgroupmembers -> orgunitgroup (orgunitgroupid));
diesel::joinable!(patients -> clinics (clinic_id));
diesel::joinable!(program -> trackedentitytype (trackedentitytypeid));
diesel::joinable!(program_attributes -> program (programid));
diesel::joinable!(program_attributes -> trackedentityattribute (trackedentityattributeid));
diesel::joinable!(program_organisationunits -> organisationunit (organisationunitid));
diesel::joinable!(program_organisationunits -> program (programid));
diesel::joinable!(programownershiphistory -> organisationunit (organisationunitid));
diesel::joinable!(programownershiphistory -> program (programid));
diesel::joinable!(programownershiphistory -> trackedentity (trackedentityid));
diesel::joinable!(programrule -> program (programid));
diesel::joinable!(programrule -> programstage (programstageid));
diesel::joinable!(programruleaction -> dataelement (dataelementid));
diesel::joinable!(programruleaction -> programrule (programruleid));
diesel::joinable!(programruleaction -> programstage (programstageid));
diesel::joinable!(programruleaction -> trackedentityattribute (trackedentityattributeid));
diesel::joinable!(programrulevariable -> dataelement (dataelementid));
diesel::joinable!(programrulevariable -> program (programid));
diesel::joinable!(programrulevariable -> programstage (programstageid));
diesel::joinable!(programrulevariable -> trackedentityattribute (trackedentityattributeid));
diesel::joinable!(programstage -> program (programid));
diesel::joinable!(programstagedataelement -> dataelement (dataelementid));
diesel::joinable!(programstagedataelement -> programstage (programstageid));
diesel::joinable!(programstageworkinglist -> program (programid));
diesel::joinable!(programstageworkinglist -> programstage (programstageid));
diesel::joinable!(programtempowner -> program (programid));
diesel::joinable!(programtempowner -> trackedentity (trackedentityid));
diesel::joinable!(programtempowner -> userinfo (userid));
diesel::joinable!(programtempownershipaudit -> program (programid));
diesel::joinable!(programtempownershipaudit -> trackedentity (trackedentityid));
diesel::joinable!(quarantine -> import_runs (import_run_id));
diesel::joinable!(refresh_runs -> data_versions (data_version_id));
diesel::joinable!(relationship -> relationshiptype (relationshiptypeid));
diesel::joinable!(relationshipitem -> enrollment (enrollmentid));
diesel::joinable!(relationshipitem -> relationship (relationshipid));
diesel::joinable!(relationshipitem -> singleevent (singleeventid));
diesel::joinable!(relationshipitem -> trackedentity (trackedentityid));
diesel::joinable!(relationshipitem -> trackerevent (trackereventid));
diesel::joinable!(singleevent -> categoryoptioncombo (attributeoptioncomboid));
diesel::joinable!(singleevent -> organisationunit (organisationunitid));
diesel::joinable!(singleevent -> programstage (programstageid));
diesel::joinable!(singleevent -> userinfo (assigneduserid));
diesel::joinable!(singleevent_notes -> note (noteid));
diesel::joinable!(singleevent_notes -> singleevent (eventid));
diesel::joinable!(singleeventchangelog -> dataelement (dataelementid));
diesel::joinable!(singleeventchangelog -> singleevent (eventid));
diesel::joinable!(station_transfers -> encounters (encounter_id));
diesel::joinable!(station_transfers -> stations (station_id));
diesel::joinable!(stations -> clinics (clinic_id));
diesel::joinable!(stations -> organisationunit (station_id));
diesel::joinable!(trackedentity -> organisationunit (organisationunitid));
diesel::joinable!(trackedentity -> trackedentitytype (trackedentitytypeid));
diesel::joinable!(trackedentityattribute -> optionset (optionsetid));
diesel::joinable!(trackedentityattributevalue -> trackedentity (trackedentityid));
diesel::joinable!(trackedentityattributevalue -> trackedentityattribute (trackedentityattributeid));
diesel::joinable!(trackedentityprogramowner -> organisationunit (organisationunitid));
diesel::joinable!(trackedentityprogramowner -> program (programid));
diesel::joinable!(trackedentityprogramowner -> trackedentity (trackedentityid));
diesel::joinable!(trackedentitytypeattribute -> trackedentityattribute (trackedentityattributeid));
diesel::joinable!(trackedentitytypeattribute -> trackedentitytype (trackedentitytypeid));
diesel::joinable!(trackerevent -> categoryoptioncombo (attributeoptioncomboid));
diesel::joinable!(trackerevent -> enrollment (enrollmentid));
diesel::joinable!(trackerevent -> programstage (programstageid));
diesel::joinable!(trackerevent -> userinfo (assigneduserid));
diesel::joinable!(trackerevent_notes -> note (noteid));
diesel::joinable!(trackerevent_notes -> trackerevent (eventid));
diesel::joinable!(trackereventchangelog -> dataelement (dataelementid));
diesel::joinable!(trackereventchangelog -> trackerevent (eventid));
diesel::joinable!(trackerjob -> userinfo (userid));
diesel::joinable!(userdatavieworgunits -> organisationunit (organisationunitid));
diesel::joinable!(userdatavieworgunits -> userinfo (userinfoid));
diesel::joinable!(usergroupmembers -> usergroup (usergroupid));
diesel::joinable!(usergroupmembers -> userinfo (userinfoid));
diesel::joinable!(usermembership -> organisationunit (organisationunitid));
diesel::joinable!(usermembership -> userinfo (userinfoid));
diesel::joinable!(userroleauthorities -> userrole (userroleid));
diesel::joinable!(userrolemembers -> userinfo (userinfoid));
diesel::joinable!(userrolemembers -> userrole (userroleid));
diesel::joinable!(userteisearchorgunits -> organisationunit (organisationunitid));
diesel::joinable!(userteisearchorgunits -> userinfo (userinfoid));

diesel::allow_tables_to_appear_in_same_query!(
    analytics_definitions,
    apitoken,
    attribute,
    audit,
    categories_categoryoptions,
    category,
    categorycombo,
    categorycombos_categories,
    categorycombos_optioncombos,
    categoryoption,
    categoryoption_organisationunits,
    categoryoptioncombo,
    categoryoptioncombos_categoryoptions,
    clinics,
    conditions,
    constant,
    data_versions,
    dataelement,
    encounters,
    enrollment,
    enrollment_notes,
    eventcount,
    eventcountchange,
    eventfilter,
    fileresource,
    fileresourcecontent,
    icd10_blocks,
    icd10_catalogue_titles,
    icd10_catalogues,
    icd10_chapters,
    icd10_titles,
    import_files,
    import_findings,
    import_runs,
    metadataversion,
    note,
    observations,
    optionset,
    optionvalue,
    organisationunit,
    orgunitgroup,
    orgunitgroupmembers,
    patients,
    program,
    program_attributes,
    program_organisationunits,
    programownershiphistory,
    programrule,
    programruleaction,
    programrulevariable,
    programstage,
    programstagedataelement,
    programstageworkinglist,
    programtempowner,
    programtempownershipaudit,
    quarantine,
    refresh_runs,
    relationship,
    relationshipitem,
    relationshiptype,
    singleevent,
    singleevent_notes,
    singleeventchangelog,
    station_transfers,
    stations,
    stay_changes,
    trackedentity,
    trackedentityattribute,
    trackedentityattributevalue,
    trackedentityprogramowner,
    trackedentitytype,
    trackedentitytypeattribute,
    trackerevent,
    trackerevent_notes,
    trackereventchangelog,
    trackerjob,
    userdatavieworgunits,
    usergroup,
    usergroupmembers,
    userinfo,
    usermembership,
    userrole,
    userroleauthorities,
    userrolemembers,
    userteisearchorgunits,
);
