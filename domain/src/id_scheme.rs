//! By what metadata are named in answers: DHIS2's idScheme.

use crate::uid;

/// How objects of one kind are named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum IdScheme {
    /// By identifier.
    #[default]
    Uid,
    /// By code.
    Code,
    /// By name.
    Name,
    /// By the value of a custom attribute, whose identifier this is.
    Attribute(String),
}

impl IdScheme {
    /// Reads DHIS2's spelling, in any case: `UID`, `CODE`, `NAME`, `ATTRIBUTE:identifier`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        Some(match text.to_ascii_uppercase().as_str() {
            "UID" | "ID" => IdScheme::Uid,
            "CODE" => IdScheme::Code,
            "NAME" => IdScheme::Name,
            _ => {
                let (scheme, attribute) = text.split_once(':')?;
                if !scheme.eq_ignore_ascii_case("ATTRIBUTE") || !uid::is_valid(attribute) {
                    return None;
                }
                IdScheme::Attribute(attribute.to_owned())
            }
        })
    }

    /// DHIS2's spelling.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            IdScheme::Uid => "UID".to_owned(),
            IdScheme::Code => "CODE".to_owned(),
            IdScheme::Name => "NAME".to_owned(),
            IdScheme::Attribute(uid) => format!("ATTRIBUTE:{uid}"),
        }
    }
}

/// Kinds of metadata that answers about events name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Programs.
    Program,
    /// Stages.
    ProgramStage,
    /// Org units.
    OrganisationUnit,
    /// Option combinations.
    CategoryOptionCombo,
    /// Category options.
    CategoryOption,
    /// Data elements.
    DataElement,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 6] = [
        Kind::Program,
        Kind::ProgramStage,
        Kind::OrganisationUnit,
        Kind::CategoryOptionCombo,
        Kind::CategoryOption,
        Kind::DataElement,
    ];

    /// DHIS2's name of the kind.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Program => "Program",
            Kind::ProgramStage => "ProgramStage",
            Kind::OrganisationUnit => "OrganisationUnit",
            Kind::CategoryOptionCombo => "CategoryOptionCombo",
            Kind::CategoryOption => "CategoryOption",
            Kind::DataElement => "DataElement",
        }
    }

    /// The parameter that names its scheme.
    #[must_use]
    pub fn parameter(self) -> &'static str {
        match self {
            Kind::Program => "programIdScheme",
            Kind::ProgramStage => "programStageIdScheme",
            Kind::OrganisationUnit => "orgUnitIdScheme",
            Kind::CategoryOptionCombo => "categoryOptionComboIdScheme",
            Kind::CategoryOption => "categoryOptionIdScheme",
            Kind::DataElement => "dataElementIdScheme",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_read_back() {
        for text in ["UID", "CODE", "NAME", "ATTRIBUTE:i57a0734128"] {
            let scheme = IdScheme::parse(text).map(|scheme| scheme.name());
            assert_eq!(scheme.as_deref(), Some(text));
        }
        assert_eq!(IdScheme::parse("code"), Some(IdScheme::Code));
        for wrong in ["", "ATTRIBUTE", "ATTRIBUTE:x", "uuid", "CODE:i57a0734128"] {
            assert_eq!(IdScheme::parse(wrong), None, "{wrong}");
        }
    }
}
