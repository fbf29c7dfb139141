//! Rules that run one after the other.

use proptest::prelude::*;

use super::*;

fn action(kind: Kind, target: Target, data: &str) -> Action {
    Action {
        kind,
        target,
        content: None,
        data: Some(Expression::parse(data)),
    }
}

fn rule(uid: &str, priority: Option<i32>, condition: &str, actions: Vec<Action>) -> Rule {
    Rule {
        uid: uid.to_owned(),
        stage: None,
        priority,
        condition: Expression::parse(condition),
        actions,
    }
}

/// Rule and value of each effect; a failed one by its words.
fn effects(rules: &mut [Rule], scope: &mut Scope) -> Vec<(String, String)> {
    sort(rules);
    let effects = run(rules, scope).into_iter().map(|effect| {
        let text = match effect.outcome {
            Outcome::Act { data, .. } => data.unwrap_or_default(),
            Outcome::Fail(problem) => problem.to_string(),
        };
        (effect.rule.to_owned(), text)
    });
    effects.collect()
}

#[test]
fn rules_run_by_priority_and_see_what_was_assigned() {
    let show = |data: &str| vec![action(Kind::Warning, Target::Whole, data)];
    let bmi = || Target::Variable("bmi".to_owned());
    let mut rules = [
        rule("last", None, "#{bmi} > 20", show("#{bmi}")),
        rule(
            "second",
            Some(2),
            "d2:hasValue('bmi')",
            vec![action(Kind::Assign, bmi(), "#{bmi} + 1")],
        ),
        rule(
            "first",
            Some(1),
            "true",
            vec![action(Kind::Assign, bmi(), "#{weight} / 2")],
        ),
        rule("broken", Some(9), "1 +", show("1")),
        rule(
            "half",
            Some(3),
            "true",
            vec![
                action(Kind::Warning, Target::Whole, "#{nowhere}"),
                action(Kind::Warning, Target::Whole, "'shown'"),
            ],
        ),
    ];
    let found = with_scope(|scope| effects(&mut rules, scope));
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|(rule, text)| (rule.as_str(), text.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("half", "there is no variable nowhere"),
            ("half", "shown"),
            (
                "broken",
                "an operand is missing at character 4 of the expression"
            ),
            ("last", "36.75"),
        ]
    );
}

#[test]
fn rules_of_a_stage_and_actions_of_a_field_are_taken_where_they_belong() {
    let element = Target::DataElement("w".to_owned());
    let attribute = Target::Attribute("a".to_owned());
    let actions = || {
        vec![
            action(Kind::Error, element.clone(), "'element'"),
            action(Kind::Error, attribute.clone(), "'attribute'"),
            action(Kind::Error, Target::Whole, "'whole'"),
        ]
    };
    let of_stage = |stage: &str| Rule {
        stage: Some(stage.to_owned()),
        ..rule(
            stage,
            None,
            "true",
            vec![action(Kind::Error, Target::Whole, "'stage'")],
        )
    };
    let mut rules = [
        rule("all", None, "true", actions()),
        of_stage("one"),
        of_stage("two"),
    ];
    let texts = |found: Vec<(String, String)>| -> Vec<String> {
        found.into_iter().map(|(_, text)| text).collect()
    };
    let of_event = with_scope(|scope| effects(&mut rules, scope));
    assert_eq!(texts(of_event), ["element", "whole", "stage"]);
    let of_enrollment = with_scope(|scope| {
        scope.event = None;
        effects(&mut rules, scope)
    });
    assert_eq!(texts(of_enrollment), ["attribute", "whole"]);
}

#[test]
fn an_event_is_planned_where_there_is_an_enrolment_and_a_stage() {
    let planned = |target, date: &str| {
        rule(
            "plan",
            None,
            "true",
            vec![action(Kind::Schedule, target, date)],
        )
    };
    let stage = || Target::Stage("two".to_owned());
    let told = |rule: Rule, change: fn(&mut Scope)| {
        let found = with_scope(|scope| {
            change(scope);
            effects(&mut [rule], scope)
        });
        let texts = found.into_iter().map(|(_, text)| text);
        texts.collect::<Vec<_>>()
    };
    let weekly = "d2:addDays(V{event_date}, 7)";
    assert_eq!(told(planned(stage(), weekly), |_| {}), ["2024-03-08"]);
    let of_enrollment = "d2:addDays(V{enrollment_date}, 1)";
    let found = told(planned(stage(), of_enrollment), |scope| scope.event = None);
    assert_eq!(found, ["2024-02-01"]);
    let found = told(planned(stage(), weekly), |scope| scope.enrollment = None);
    assert_eq!(found, ["the action SCHEDULEEVENT needs an enrollment"]);
    let nowhere = "the action SCHEDULEEVENT names no stage of its program";
    assert_eq!(told(planned(Target::Whole, weekly), |_| {}), [nowhere]);
}

proptest! {
    #[test]
    fn no_text_breaks_the_parser(text in "[-+*/%^!()',\"#AV{}a-z0-9:. d2\\\\]{0,80}") {
        let _ = evaluate(&text);
    }
}
