//! What the effects of rules mean for an object: faults, warnings, values to store.

use std::collections::{HashMap, HashSet};

use domain::rule::{Effect, Kind, Outcome, Target};

use super::super::{
    code::Code,
    importer::Fault,
    metadata::{Field, Metadata},
    values,
};

/// Differences between numbers up to this one are none, as in DHIS2: clients round.
const TOLERANCE: f64 = 0.01;

/// Codes and words of a kind of fields.
pub(super) struct Codes {
    pub(super) noun: &'static str,
    pub(super) missing: Code,
    pub(super) emptied: Code,
    pub(super) differs: Code,
    pub(super) assigned: Code,
}

pub(super) const DATA_ELEMENTS: Codes = Codes {
    noun: "data element",
    missing: Code::E1301,
    emptied: Code::E1314,
    differs: Code::E1307,
    assigned: Code::E1308,
};

pub(super) const ATTRIBUTES: Codes = Codes {
    noun: "attribute",
    missing: Code::E1306,
    emptied: Code::E1317,
    differs: Code::E1309,
    assigned: Code::E1310,
};

/// An object that rules were run for.
pub(super) struct Subject<'a> {
    pub(super) metadata: &'a Metadata,
    pub(super) codes: Codes,
    pub(super) fields: &'a HashMap<String, Field>,
    /// Whether it is complete.
    pub(super) complete: bool,
    /// Values as they were sent, by field; `None` for one that is emptied.
    pub(super) sent: HashMap<String, Option<String>>,
    /// Fields that have a value, stored or sent.
    pub(super) present: HashSet<String>,
}

/// What follows for an object.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<Fault>,
    /// Values to store, by field; `None` takes one away.
    pub(super) assigned: Vec<(String, Option<String>)>,
    pub(super) planned: Vec<Planned>,
}

/// An event that a rule plans.
#[derive(Debug)]
pub(super) struct Planned {
    /// Identifier of the rule.
    pub(super) rule: String,
    /// Identifier of the event's stage.
    pub(super) stage: String,
    /// The day, as the rule computed it.
    pub(super) date: Option<String>,
}

impl Subject<'_> {
    /// Judges effects in their order: what a rule assigns, a later one may require.
    pub(super) fn judge(mut self, effects: Vec<Effect>) -> Findings {
        let mut findings = Findings::default();
        for Effect { rule, outcome } in effects {
            match outcome {
                Outcome::Fail(problem) => {
                    let message = format!("program rule {rule} cannot be run: {problem}");
                    findings.warnings.push(Fault::new(Code::E1300, message));
                }
                Outcome::Act {
                    kind: Kind::Assign,
                    target,
                    data,
                    ..
                } => {
                    if let Some(field) = field_of(target) {
                        self.assign(rule, field, data, &mut findings);
                    }
                }
                Outcome::Act {
                    kind: Kind::Mandatory,
                    target,
                    ..
                } => findings.faults.extend(self.require(rule, target)),
                Outcome::Act {
                    kind: Kind::Schedule,
                    target: Target::Stage(stage),
                    data,
                    ..
                } => findings.planned.push(Planned {
                    rule: rule.to_owned(),
                    stage: stage.clone(),
                    date: data,
                }),
                Outcome::Act {
                    kind,
                    target,
                    content,
                    data,
                } => {
                    let list = match kind {
                        Kind::WarningOnComplete | Kind::ErrorOnComplete if !self.complete => {
                            continue;
                        }
                        Kind::Error | Kind::ErrorOnComplete => &mut findings.faults,
                        _ => &mut findings.warnings,
                    };
                    list.push(shown(rule, content, data.as_deref(), field_of(target)));
                }
            }
        }
        findings
    }

    /// Gives a field its value, unless another one was sent.
    fn assign(&mut self, rule: &str, uid: &str, data: Option<String>, findings: &mut Findings) {
        let Some(field) = self.fields.get(uid) else {
            return;
        };
        let what = format!("{} {uid}", self.codes.noun);
        let sent = self.sent.get(uid).and_then(Option::as_deref);
        if sent.is_some_and(|sent| !is_equal(field, sent, data.as_deref())) {
            let message = format!(
                "program rule {rule} cannot assign a value to {what}: the value that was sent differs from it"
            );
            findings
                .faults
                .push(Fault::new(self.codes.differs, message));
            return;
        }
        let value = data.as_deref();
        // Who else has a unique value was not looked up, nor was a file.
        let reason = match value {
            Some(_) if field.unique => Some(format!("{what} is unique")),
            Some(_) if field.is_file() => Some(format!("{what} names a file")),
            Some(value) => values::check(self.metadata, field, value, self.codes.assigned, &what)
                .into_iter()
                .next()
                .map(|fault| fault.message),
            None => None,
        };
        if let Some(reason) = reason {
            let message = format!("program rule {rule} assigned nothing: {reason}");
            findings
                .warnings
                .push(Fault::new(self.codes.assigned, message));
            return;
        }
        let message = format!("program rule {rule} assigned the value of {what}");
        findings
            .warnings
            .push(Fault::new(self.codes.assigned, message));
        match data {
            Some(_) => self.present.insert(uid.to_owned()),
            None => self.present.remove(uid),
        };
        self.sent.insert(uid.to_owned(), data.clone());
        findings.assigned.push((uid.to_owned(), data));
    }

    /// The fault when a field has no value.
    fn require(&self, rule: &str, target: &Target) -> Option<Fault> {
        let uid = field_of(target)?;
        if self.present.contains(uid) {
            return None;
        }
        let noun = self.codes.noun;
        Some(if self.sent.contains_key(uid) {
            let message =
                format!("program rule {rule}: {noun} {uid} is mandatory and cannot be emptied");
            Fault::new(self.codes.emptied, message)
        } else {
            let message = format!("program rule {rule}: mandatory {noun} {uid} is not present");
            Fault::new(self.codes.missing, message)
        })
    }
}

fn field_of(target: &Target) -> Option<&str> {
    match target {
        Target::DataElement(uid) | Target::Attribute(uid) => Some(uid),
        Target::Variable(_) | Target::Stage(_) | Target::Whole => None,
    }
}

/// What a rule shows: its text, its value and the field it is about. The value is not kept in a quarantine.
fn shown(rule: &str, content: Option<&str>, data: Option<&str>, field: Option<&str>) -> Fault {
    let text = |data: Option<&str>| {
        let mut text = format!("program rule {rule}:");
        for part in [content, data].into_iter().flatten() {
            text.push(' ');
            text.push_str(part);
        }
        match field {
            Some(field) => format!("{text} ({field})"),
            None => text,
        }
    };
    Fault {
        shown: data.map(|data| text(Some(data))),
        ..Fault::new(Code::E1300, text(None))
    }
}

fn is_equal(field: &Field, sent: &str, data: Option<&str>) -> bool {
    let Some(data) = data else {
        return false;
    };
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let numeric = field.value_type.is_some_and(|kind| kind.is_number());
    sent == data
        || (numeric
            && (number(sent).zip(number(data)))
                .is_some_and(|(sent, data)| (sent - data).abs() < TOLERANCE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_rule_computes_is_shown_and_not_kept() {
        let fault = shown("ruleAAAAAAA", Some("heavy:"), Some("151.5"), Some("weight"));
        assert_eq!(fault.message, "program rule ruleAAAAAAA: heavy: (weight)");
        let shown_text = fault.shown.expect("a text with the value");
        assert_eq!(
            shown_text,
            "program rule ruleAAAAAAA: heavy: 151.5 (weight)"
        );
        assert_eq!(shown("ruleAAAAAAA", Some("heavy"), None, None).shown, None);
    }
}
