//! Goes through the rules of a program for one event or enrolment, and says what follows from them.

use super::{Expression, Problem, Scope};

/// A rule of a program.
#[derive(Debug)]
pub struct Rule {
    /// Identifier.
    pub uid: String,
    /// Identifier of the only stage whose events it is about; `None` for every event and the enrolment.
    pub stage: Option<String>,
    /// Rules of lower priority are run first, those without one last.
    pub priority: Option<i32>,
    /// When its actions are taken; a broken one is told to whoever imports.
    pub condition: Result<Expression, Problem>,
    /// What follows.
    pub actions: Vec<Action>,
}

/// What follows from a rule.
#[derive(Debug)]
pub struct Action {
    /// What is done.
    pub kind: Kind,
    /// What it is done to.
    pub target: Target,
    /// Text that is shown as it stands.
    pub content: Option<String>,
    /// Value that is shown or assigned; `None` without one.
    pub data: Option<Result<Expression, Problem>>,
}

/// What an action does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Shows a warning.
    Warning,
    /// Refuses the object.
    Error,
    /// Shows a warning when the object is complete.
    WarningOnComplete,
    /// Refuses the object when it is complete.
    ErrorOnComplete,
    /// Gives something a value.
    Assign,
    /// Refuses the object when something has no value.
    Mandatory,
    /// Plans an event of the enrolment.
    Schedule,
}

impl Kind {
    /// DHIS2's words; `None` for an action that is one of the client's screen.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "SHOWWARNING" => Self::Warning,
            "SHOWERROR" => Self::Error,
            "WARNINGONCOMPLETE" => Self::WarningOnComplete,
            "ERRORONCOMPLETE" => Self::ErrorOnComplete,
            "ASSIGN" => Self::Assign,
            "SETMANDATORYFIELD" => Self::Mandatory,
            "SCHEDULEEVENT" => Self::Schedule,
            _ => return None,
        })
    }
}

/// What an action is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A data element: the action is one of events.
    DataElement(String),
    /// An attribute: the action is one of enrolments.
    Attribute(String),
    /// A variable, which later rules see.
    Variable(String),
    /// A stage, of which an event is planned.
    Stage(String),
    /// The event or enrolment as a whole.
    Whole,
}

/// Something that follows for an event or enrolment.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect<'a> {
    /// Identifier of the rule.
    pub rule: &'a str,
    /// What is to be done.
    pub outcome: Outcome<'a>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<'a> {
    /// An action with its value.
    Act {
        /// What is done.
        kind: Kind,
        /// What it is done to.
        target: &'a Target,
        /// Text that is shown as it stands.
        content: Option<&'a str>,
        /// Value that is shown or assigned.
        data: Option<String>,
    },
    /// The rule cannot be run.
    Fail(Problem),
}

/// Puts rules into the order in which they are run.
pub fn sort(rules: &mut [Rule]) {
    rules.sort_by_key(|rule| (rule.priority.is_none(), rule.priority));
}

/// Runs rules, which are in order, for the event of a scope, or without one for its enrolment. What a rule assigns is seen by
/// those after it.
pub fn run<'a>(rules: &'a [Rule], scope: &mut Scope) -> Vec<Effect<'a>> {
    let mut effects = Vec::new();
    for rule in rules {
        let stage = scope.event.map(|event| event.stage.as_str());
        if rule.stage.is_some() && rule.stage.as_deref() != stage {
            continue;
        }
        let mut actions = Vec::new();
        for action in &rule.actions {
            match (&action.target, scope.event) {
                (Target::DataElement(_), None) | (Target::Attribute(_), Some(_)) => {}
                _ => actions.push(action),
            }
        }
        if actions.is_empty() {
            continue;
        }
        let outcomes = match is_met(rule, scope) {
            Ok(false) => continue,
            Ok(true) => (actions.into_iter())
                .filter_map(|action| {
                    take(action, scope).unwrap_or_else(|fault| Some(Outcome::Fail(fault)))
                })
                .collect(),
            Err(fault) => vec![Outcome::Fail(fault)],
        };
        let rule = rule.uid.as_str();
        effects.extend(outcomes.into_iter().map(|outcome| Effect { rule, outcome }));
    }
    effects
}

fn is_met(rule: &Rule, scope: &Scope) -> Result<bool, Problem> {
    let condition = rule.condition.as_ref().map_err(Clone::clone)?;
    let met = condition.evaluate(scope)?.text();
    Ok(met.is_some_and(|text| text.eq_ignore_ascii_case("true")))
}

/// What is to be done; `None` when it is done already.
fn take<'a>(action: &'a Action, scope: &mut Scope) -> Result<Option<Outcome<'a>>, Problem> {
    if action.kind == Kind::Schedule {
        if !matches!(action.target, Target::Stage(_)) {
            return Err(Problem::Stage);
        }
        scope.enrollment.ok_or(Problem::Enrollment)?;
    }
    let data = match &action.data {
        None => None,
        Some(expression) => expression
            .as_ref()
            .map_err(Clone::clone)?
            .evaluate(scope)?
            .text(),
    };
    let data = data.filter(|text| !text.is_empty());
    if action.kind == Kind::Assign {
        let name = match &action.target {
            Target::DataElement(name) | Target::Attribute(name) | Target::Variable(name) => name,
            Target::Stage(_) | Target::Whole => return Err(Problem::Target),
        };
        scope.assigned.insert(name.clone(), data.clone());
        if matches!(action.target, Target::Variable(_)) {
            return Ok(None);
        }
    }
    Ok(Some(Outcome::Act {
        kind: action.kind,
        target: &action.target,
        content: action.content.as_deref(),
        data,
    }))
}
