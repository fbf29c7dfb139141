//! The rules of an import by DHIS2's numbers, and a few of our own where DHIS2 has none.

use serde::{Serialize, Serializer};

/// A rule that an object of the payload can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// The unit is outside the capture scope.
    E1000,
    /// No data write access to the tracked entity type.
    E1001,
    /// The tracked entity exists already.
    E1002,
    /// The tracked entity's unit is outside the search scope.
    E1003,
    /// The tracked entity type does not exist.
    E1005,
    /// The attribute does not exist.
    E1006,
    /// The attribute's value is not of its value type.
    E1007,
    /// The program stage has no program.
    E1008,
    /// The file belongs to another object.
    E1009,
    /// The event's program does not exist.
    E1010,
    /// The event's unit does not exist.
    E1011,
    /// The geometry does not match the feature type.
    E1012,
    /// The event's program stage does not exist.
    E1013,
    /// The enrollment's program is one without registration.
    E1014,
    /// The tracked entity has an active enrollment in the program.
    E1015,
    /// The program enrolls only once and the tracked entity has an enrollment.
    E1016,
    /// An attribute that the program requires is missing.
    E1018,
    /// The attribute is none of the program.
    E1019,
    /// The day of enrollment is in the future.
    E1020,
    /// The incident date is in the future.
    E1021,
    /// The tracked entity is not of the program's type.
    E1022,
    /// The program requires an incident date.
    E1023,
    /// The day of enrollment is missing.
    E1025,
    /// The event's unit is not assigned to the program.
    E1029,
    /// The event exists already.
    E1030,
    /// The event needs the date when it happened.
    E1031,
    /// The event does not exist.
    E1032,
    /// The program stage is not repeatable and an event exists.
    E1039,
    /// The enrollment's unit is not assigned to the program.
    E1041,
    /// The time to change a completed event is over.
    E1043,
    /// The program's periods close, and the event has neither a date nor a due date.
    E1046,
    /// The event's date lies in a period that is closed.
    E1047,
    /// The identifier is no DHIS2 identifier.
    E1048,
    /// The tracked entity's unit does not exist.
    E1049,
    /// A scheduled event needs its due date.
    E1050,
    /// Only a completed event has a completion date.
    E1051,
    /// Only a completed enrollment has a completion date.
    E1052,
    /// The event's option combination is not of the program's category combination.
    E1054,
    /// The program has its own category combination and needs an option combination of it.
    E1055,
    /// The date is before the period of a category option.
    E1056,
    /// The date is after the period of a category option.
    E1057,
    /// The tracked entity does not exist.
    E1063,
    /// The value of a unique attribute is used by another tracked entity.
    E1064,
    /// The enrollment's tracked entity does not exist.
    E1068,
    /// The enrollment's program does not exist.
    E1069,
    /// The enrollment's unit does not exist.
    E1070,
    /// There is a geometry, but the metadata name no feature type.
    E1074,
    /// A mandatory value cannot be emptied.
    E1076,
    /// The attribute's value is longer than it may be.
    E1077,
    /// The event's program is not that of its enrollment.
    E1079,
    /// The enrollment exists already.
    E1080,
    /// The enrollment does not exist.
    E1081,
    /// The event is deleted.
    E1082,
    /// No authority to take back a completion.
    E1083,
    /// The file does not exist.
    E1084,
    /// The program stage is not one of the program.
    E1089,
    /// An attribute that the tracked entity type requires is missing.
    E1090,
    /// No data write access to the program.
    E1091,
    /// No data write access to the program stage.
    E1095,
    /// No data read access to the program.
    E1096,
    /// No data read access to the program stage.
    E1097,
    /// No data write access to a category option.
    E1099,
    /// No authority to delete a tracked entity with its enrollments.
    E1100,
    /// The tracked entity is owned by a unit outside one's scope.
    E1102,
    /// No authority to delete an enrollment with its events.
    E1103,
    /// No data read access to the tracked entity type.
    E1104,
    /// The unit is outside the search scope.
    E1105,
    /// The enrollment is deleted.
    E1113,
    /// The tracked entity is deleted.
    E1114,
    /// The option combination does not exist.
    E1115,
    /// The category option does not exist.
    E1116,
    /// The event's category options are no combination of the program.
    E1117,
    /// The assigned user does not exist.
    E1118,
    /// A note with this identifier exists.
    E1119,
    /// The program stage does not allow events to be assigned.
    E1120,
    /// A required property of the tracked entity is missing.
    E1121,
    /// A required property of the enrollment is missing.
    E1122,
    /// A required property of the event is missing.
    E1123,
    /// A required property of the relationship is missing.
    E1124,
    /// The value is no code of the option set.
    E1125,
    /// A property of the tracked entity may not be changed.
    E1126,
    /// A property of the enrollment may not be changed.
    E1127,
    /// A property of the event may not be changed.
    E1128,
    /// There is no option combination for the enrolment.
    E1129,
    /// The option combination is not of the program's category combination for enrolments.
    E1130,
    /// What a program rule shows, or why it cannot be run.
    E1300,
    /// A program rule requires a data element, and it has no value.
    E1301,
    /// The data element's value is not of its value type.
    E1302,
    /// A mandatory data element has no value.
    E1303,
    /// The data element does not exist.
    E1304,
    /// The data element is not part of the program stage.
    E1305,
    /// A program rule requires an attribute, and it has no value.
    E1306,
    /// A program rule assigns a data element another value than was sent.
    E1307,
    /// A program rule assigned the value of a data element.
    E1308,
    /// A program rule assigns an attribute another value than was sent.
    E1309,
    /// A program rule assigned the value of an attribute.
    E1310,
    /// The event's enrollment has no tracked entity.
    E1313,
    /// A program rule requires a data element, which cannot be emptied.
    E1314,
    /// An event with this status has no data values.
    E1315,
    /// The status cannot change this way.
    E1316,
    /// A program rule requires an attribute, which cannot be emptied.
    E1317,
    /// A single event cannot have this status.
    E1318,
    /// A program rule plans an event for what is no day.
    E1319,
    /// A program rule planned an event.
    E1320,
    /// A program rule plans an event of a stage whose data one may not write.
    E1321,
    /// A program rule plans an event, and there is one already.
    E1322,
    /// The form is closed after completion.
    E1326,
    /// The relationship links an object to itself.
    E4000,
    /// An end of the relationship must be one object.
    E4001,
    /// The relationship type does not exist.
    E4006,
    /// An end of the relationship is of the wrong kind.
    E4010,
    /// An end of the relationship does not exist.
    E4012,
    /// An end of the relationship has the wrong tracked entity type.
    E4014,
    /// The relationship exists already.
    E4015,
    /// The relationship does not exist.
    E4016,
    /// The relationship is deleted.
    E4017,
    /// A relationship of this type between the same objects exists.
    E4018,
    /// No data write access to the relationship type, or no access to one of its ends.
    E4020,
    /// An object to which it refers was refused.
    E5000,
    /// A member of the object has the wrong JSON type.
    BadType,
    /// A member of the object cannot be read.
    BadValue,
    /// A member that every object of the kind has is missing.
    MissingMember,
    /// The identifier is used twice in the payload.
    DuplicateId,
    /// The event was changed since the client read it.
    Conflict,
}

impl Code {
    /// The code as clients read it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::E1000 => "E1000",
            Self::E1001 => "E1001",
            Self::E1002 => "E1002",
            Self::E1003 => "E1003",
            Self::E1005 => "E1005",
            Self::E1006 => "E1006",
            Self::E1007 => "E1007",
            Self::E1008 => "E1008",
            Self::E1009 => "E1009",
            Self::E1010 => "E1010",
            Self::E1011 => "E1011",
            Self::E1012 => "E1012",
            Self::E1013 => "E1013",
            Self::E1014 => "E1014",
            Self::E1015 => "E1015",
            Self::E1016 => "E1016",
            Self::E1018 => "E1018",
            Self::E1019 => "E1019",
            Self::E1020 => "E1020",
            Self::E1021 => "E1021",
            Self::E1022 => "E1022",
            Self::E1023 => "E1023",
            Self::E1025 => "E1025",
            Self::E1029 => "E1029",
            Self::E1030 => "E1030",
            Self::E1031 => "E1031",
            Self::E1032 => "E1032",
            Self::E1039 => "E1039",
            Self::E1041 => "E1041",
            Self::E1043 => "E1043",
            Self::E1046 => "E1046",
            Self::E1047 => "E1047",
            Self::E1048 => "E1048",
            Self::E1049 => "E1049",
            Self::E1050 => "E1050",
            Self::E1051 => "E1051",
            Self::E1052 => "E1052",
            Self::E1054 => "E1054",
            Self::E1055 => "E1055",
            Self::E1056 => "E1056",
            Self::E1057 => "E1057",
            Self::E1063 => "E1063",
            Self::E1064 => "E1064",
            Self::E1068 => "E1068",
            Self::E1069 => "E1069",
            Self::E1070 => "E1070",
            Self::E1074 => "E1074",
            Self::E1076 => "E1076",
            Self::E1077 => "E1077",
            Self::E1079 => "E1079",
            Self::E1080 => "E1080",
            Self::E1081 => "E1081",
            Self::E1082 => "E1082",
            Self::E1083 => "E1083",
            Self::E1084 => "E1084",
            Self::E1089 => "E1089",
            Self::E1090 => "E1090",
            Self::E1091 => "E1091",
            Self::E1095 => "E1095",
            Self::E1096 => "E1096",
            Self::E1097 => "E1097",
            Self::E1099 => "E1099",
            Self::E1100 => "E1100",
            Self::E1102 => "E1102",
            Self::E1103 => "E1103",
            Self::E1104 => "E1104",
            Self::E1105 => "E1105",
            Self::E1113 => "E1113",
            Self::E1114 => "E1114",
            Self::E1115 => "E1115",
            Self::E1116 => "E1116",
            Self::E1117 => "E1117",
            Self::E1118 => "E1118",
            Self::E1119 => "E1119",
            Self::E1120 => "E1120",
            Self::E1121 => "E1121",
            Self::E1122 => "E1122",
            Self::E1123 => "E1123",
            Self::E1124 => "E1124",
            Self::E1125 => "E1125",
            Self::E1126 => "E1126",
            Self::E1127 => "E1127",
            Self::E1128 => "E1128",
            Self::E1129 => "E1129",
            Self::E1130 => "E1130",
            Self::E1300 => "E1300",
            Self::E1301 => "E1301",
            Self::E1302 => "E1302",
            Self::E1303 => "E1303",
            Self::E1304 => "E1304",
            Self::E1305 => "E1305",
            Self::E1306 => "E1306",
            Self::E1307 => "E1307",
            Self::E1308 => "E1308",
            Self::E1309 => "E1309",
            Self::E1310 => "E1310",
            Self::E1313 => "E1313",
            Self::E1314 => "E1314",
            Self::E1315 => "E1315",
            Self::E1316 => "E1316",
            Self::E1317 => "E1317",
            Self::E1318 => "E1318",
            Self::E1319 => "E1319",
            Self::E1320 => "E1320",
            Self::E1321 => "E1321",
            Self::E1322 => "E1322",
            Self::E1326 => "E1326",
            Self::E4000 => "E4000",
            Self::E4001 => "E4001",
            Self::E4006 => "E4006",
            Self::E4010 => "E4010",
            Self::E4012 => "E4012",
            Self::E4014 => "E4014",
            Self::E4015 => "E4015",
            Self::E4016 => "E4016",
            Self::E4017 => "E4017",
            Self::E4018 => "E4018",
            Self::E4020 => "E4020",
            Self::E5000 => "E5000",
            Self::BadType => "BAD_TYPE",
            Self::BadValue => "BAD_VALUE",
            Self::MissingMember => "MISSING_MEMBER",
            Self::DuplicateId => "DUPLICATE_ID",
            Self::Conflict => "CONFLICT",
        }
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
