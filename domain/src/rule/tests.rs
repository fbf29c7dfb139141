//! The language by example, and the order in which rules are run.

mod run;

use std::collections::{HashMap, HashSet};

use chrono::{NaiveDate, NaiveDateTime};

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn moment(text: &str) -> NaiveDateTime {
    day(text).and_hms_opt(8, 0, 0).expect("a moment")
}

fn map(pairs: &[(&str, &str)]) -> HashMap<String, String> {
    let owned = pairs
        .iter()
        .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
    owned.collect()
}

fn event(uid: &str, stage: &str, date: &str, values: &[(&str, &str)]) -> Event {
    Event {
        uid: uid.to_owned(),
        stage: stage.to_owned(),
        status: "ACTIVE".to_owned(),
        date: Some(moment(date)),
        created: moment("2024-06-01"),
        due: None,
        completed: None,
        unit: "unit".to_owned(),
        values: map(values),
    }
}

fn variable(source: Source, kind: Type) -> Variable {
    Variable {
        source,
        kind,
        options: HashMap::new(),
    }
}

fn program() -> Program {
    let element = |name: &str| name.to_owned();
    let variables = [
        (
            "weight",
            variable(Source::Current(element("w")), Type::Number),
        ),
        ("note", variable(Source::Current(element("n")), Type::Text)),
        (
            "flag",
            variable(Source::Current(element("f")), Type::Boolean),
        ),
        ("seen", variable(Source::Current(element("d")), Type::Date)),
        (
            "unseen",
            variable(Source::Current(element("u")), Type::Date),
        ),
        (
            "empty",
            variable(Source::Current(element("e")), Type::Number),
        ),
        ("blank", variable(Source::Current(element("e")), Type::Text)),
        (
            "off",
            variable(Source::Current(element("e")), Type::Boolean),
        ),
        (
            "newest",
            variable(Source::Newest(element("w")), Type::Number),
        ),
        (
            "first",
            variable(
                Source::NewestOfStage(element("w"), element("one")),
                Type::Number,
            ),
        ),
        (
            "before",
            variable(Source::Previous(element("w")), Type::Number),
        ),
        (
            "age",
            variable(Source::Attribute(element("a")), Type::Number),
        ),
        ("bmi", variable(Source::Calculated, Type::Number)),
        (
            "colour",
            Variable {
                options: map(&[("R", "Red")]),
                ..variable(Source::Current(element("c")), Type::Text)
            },
        ),
    ];
    Program {
        name: "Care".to_owned(),
        stages: map(&[("two", "Visit")]),
        variables: variables.map(|(name, of)| (name.to_owned(), of)).into(),
    }
}

/// Three events of an enrolment; the one in the middle is looked at.
fn with_scope<T>(work: impl FnOnce(&mut Scope) -> T) -> T {
    let constants = HashMap::from([("constant001".to_owned(), 2.5)]);
    let members = HashSet::from(["unit".to_owned()]);
    let unit_groups = HashMap::from([("RURAL".to_owned(), members)]);
    let unit_codes = map(&[("unit", "OU_1")]);
    let world = World {
        today: day("2024-06-15"),
        roles: HashSet::from(["role0000001".to_owned()]),
        groups: HashSet::new(),
        constants: Some(&constants),
        unit_groups: Some(&unit_groups),
        unit_codes: Some(&unit_codes),
    };
    let program = program();
    let enrollment = Enrollment {
        uid: "enrolled".to_owned(),
        status: "ACTIVE".to_owned(),
        date: day("2024-01-31"),
        incident: day("2024-01-30"),
        unit: "unit".to_owned(),
        attributes: map(&[("a", "41")]),
    };
    let early = event("early", "one", "2024-02-01", &[("w", "70")]);
    let now = event(
        "now",
        "two",
        "2024-03-01",
        &[
            ("w", "71.5"),
            ("n", "it's 5"),
            ("f", "true"),
            ("d", "2024-02-29"),
            ("c", "R"),
        ],
    );
    let late = event("late", "two", "2024-04-01", &[("w", "73")]);
    let mut events = [&early, &late, &now];
    newest_first(&mut events);
    work(&mut Scope {
        world: &world,
        program: &program,
        enrollment: Some(&enrollment),
        event: Some(&now),
        events: &events,
        assigned: HashMap::new(),
    })
}

fn evaluate(text: &str) -> Result<Option<String>, Problem> {
    with_scope(|scope| Ok(Expression::parse(text)?.evaluate(scope)?.text()))
}

#[test]
fn expressions_have_these_values() {
    for (text, expected) in [
        // Numbers, and how strongly operators bind.
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("10 - 3 - 2", "5"),
        ("10 - 3 + 2", "9"),
        ("8 / 4 * 2", "4"),
        ("2 ^ 3 ^ 2", "512"),
        ("-2 ^ 2", "-4"),
        ("7 % 4", "3"),
        ("0.1 + 0.2", "0.3"),
        ("4.35 * 100", "435"),
        (".5 + 1e2", "100.5"),
        ("1 / 3", "0.333333333333333"),
        ("- -3", "3"),
        ("1 /* a comment */ + 1", "2"),
        // Truth.
        ("true || false && false", "true"),
        ("not false and !false", "true"),
        ("1 < 2 == true", "true"),
        ("1 <= 1 && 2 >= 3", "false"),
        ("false && 1 / 'x' > 1", "false"),
        ("1 <> 2", "true"),
        // Texts.
        ("'a' + 0 == 0", ""),
        ("\"it's\" == 'it\\'s'", "true"),
        ("'abc' < 'abd'", "true"),
        ("'5' == 5", "true"),
        ("'x' == 5", "false"),
        ("'true' == true", "true"),
        // Variables, and what they are without a value.
        ("#{weight} * 2", "143"),
        ("#{empty} + 1", "1"),
        ("#{blank} == ''", "true"),
        ("!#{off}", "true"),
        ("#{flag}", "true"),
        ("#{colour}", "Red"),
        ("#{newest}", "73"),
        ("#{first}", "70"),
        ("#{before}", "70"),
        ("A{age} + 1", "42"),
        ("#{bmi}", "0"),
        ("C{constant001} * 2", "5"),
        // What the program says.
        ("V{current_date}", "2024-06-15"),
        ("V{event_date}", "2024-03-01"),
        ("V{event_date} > V{enrollment_date}", "true"),
        ("V{event_date} == '2024-03-01'", "true"),
        ("V{event_count}", "3"),
        ("V{event_status} == 'ACTIVE'", "true"),
        ("V{program_stage_name}", "Visit"),
        ("V{program_name}", "Care"),
        ("V{orgunit_code}", "OU_1"),
        ("V{incident_date}", "2024-01-30"),
        ("V{environment}", "Server"),
    ] {
        if expected.is_empty() {
            assert!(evaluate(text).is_err(), "{text}");
            continue;
        }
        assert_eq!(evaluate(text), Ok(Some(expected.to_owned())), "{text}");
    }
}

#[test]
fn functions_have_these_values() {
    for (text, expected) in [
        ("d2:ceil(4.1) + d2:floor(4.9)", "9"),
        ("d2:round(4.5)", "5"),
        ("d2:round(-4.5)", "-5"),
        ("d2:round(1.005, 2)", "1.01"),
        ("d2:round(1234, -2)", "1200"),
        ("d2:modulus(11, 3)", "2"),
        ("d2:zing(-1)", "0"),
        ("d2:zing(4)", "4"),
        ("d2:oizp(0)", "1"),
        ("d2:oizp(-0.1)", "0"),
        ("d2:zpvc(1, 0, -1, null)", "2"),
        ("d2:concatenate('a', 5, true, 2.5)", "a5true2.5"),
        ("d2:left('hello', 2)", "he"),
        ("d2:right('hello', 2)", "lo"),
        ("d2:right('hé', 9)", "hé"),
        ("d2:substring('hello', 1, 3)", "el"),
        ("d2:substring('hello', 3, 1)", ""),
        ("d2:split('a,b,c', ',', 1)", "b"),
        ("d2:split('a,b,c', ',', 7)", ""),
        ("d2:length('hé')", "2"),
        ("d2:contains('abc', 'a', 'bc')", "true"),
        ("d2:containsItems('aa,b', 'a')", "false"),
        ("d2:containsItems('aa,b', 'b', 'aa')", "true"),
        ("d2:validatePattern('124', '1.*')", "true"),
        ("d2:validatePattern('0124', '1.*')", "false"),
        (
            "d2:validatePattern('1999/99/9', '\\d{4}/\\d{2}/\\d')",
            "true",
        ),
        ("d2:daysBetween('2024-01-01', '2024-03-01')", "60"),
        ("d2:daysBetween(V{event_date}, V{enrollment_date})", "-30"),
        ("d2:weeksBetween('2024-01-01', '2024-01-20')", "2"),
        ("d2:monthsBetween('2024-01-31', '2024-03-30')", "1"),
        ("d2:monthsBetween('2024-03-30', '2024-01-31')", "-1"),
        ("d2:yearsBetween('2000-06-16', V{current_date})", "23"),
        ("d2:addDays('2024-02-28', 2)", "2024-03-01"),
        ("d2:addDays(#{seen}, -1)", "2024-02-28"),
        ("d2:hasValue(#{weight})", "true"),
        ("d2:hasValue('weight')", "true"),
        ("d2:hasValue(#{empty})", "false"),
        ("d2:hasValue(#{nowhere})", "false"),
        ("d2:hasValue(V{due_date})", "false"),
        ("d2:count(#{newest})", "3"),
        ("d2:count(#{empty})", "0"),
        ("d2:countIfValue(#{newest}, 73)", "1"),
        ("d2:countIfZeroPos(#{newest})", "3"),
        ("d2:maxValue(#{newest})", "73"),
        ("d2:minValue('newest')", "70"),
        ("d2:lastEventDate('newest')", "2024-04-01"),
        ("d2:condition('#{weight} > 70', 'high', 'low')", "high"),
        ("d2:condition(\"#{note} == 'x'\", 1, 2)", "2"),
        ("d2:hasUserRole('role0000001')", "true"),
        ("d2:hasUserRole('role0000002')", "false"),
        ("d2:inOrgUnitGroup('RURAL')", "true"),
        ("d2:inOrgUnitGroup('URBAN')", "false"),
        ("d2:zScoreWFA(20, '12.7', 'M')", "1.01"),
        ("d2:zScoreWFA(20, 12.7, 'F') > 1", "true"),
        (
            "d2:zScoreHFA(d2:monthsBetween('2022-03-01', V{event_date}), 86, 'F')",
            "0.09",
        ),
        ("d2:zScoreWFH(94.5, 11, 'male') < -3", "true"),
    ] {
        assert_eq!(evaluate(text), Ok(Some(expected.to_owned())), "{text}");
    }
}

#[test]
fn what_has_no_value_says_why_without_the_data() {
    for (text, problem) in [
        (
            "1 +",
            "an operand is missing at character 4 of the expression",
        ),
        (
            "1 2",
            "something that does not belong there at character 3 of the expression",
        ),
        (
            "(1",
            "a closing parenthesis is missing at character 3 of the expression",
        ),
        (
            "'a",
            "a text that does not end at character 1 of the expression",
        ),
        (
            "1 ? 2",
            "a character that has no meaning at character 3 of the expression",
        ),
        (
            "d2:extractDataMatrixValue('gtin', #{note})",
            "the function d2:extractDataMatrixValue is not supported",
        ),
        (
            "d2:zScoreWFA(61, 20, 'M') > 3",
            "there is no growth standard for this age, length or measure",
        ),
        (
            "d2:zScoreWFA(12, 9, #{blank}) > 3",
            "a value is missing where a sex is needed",
        ),
        (
            "d2:zScoreHFA(12, null, 'F')",
            "a value is missing where a number is needed",
        ),
        ("d2:ceil(1, 2)", "d2:ceil has the wrong number of arguments"),
        (
            "d2:validatePattern('a', '(?=a)')",
            "the pattern of d2:validatePattern is no regular expression that is supported",
        ),
        (
            "d2:validatePattern('a', #{note})",
            "the pattern of d2:validatePattern is no regular expression that is supported",
        ),
        ("#{nowhere} == 1", "there is no variable nowhere"),
        ("C{constant002}", "there is no constant constant002"),
        ("#{note} + 1", "a value is no number"),
        (
            "#{unseen} < V{current_date}",
            "a value is missing where a date is needed",
        ),
        (
            "d2:daysBetween(#{unseen}, V{current_date})",
            "a value is missing where a date is needed",
        ),
        ("d2:left('a', 0.5)", "a value is no whole number"),
    ] {
        let found = evaluate(text).expect_err(text).to_string();
        assert_eq!(found, problem, "{text}");
    }
}

#[test]
fn nesting_length_and_patterns_are_bounded() {
    let nested = |depth: usize| format!("{}1{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(evaluate(&nested(DEEPEST - 1)), Ok(Some("1".to_owned())));
    assert_eq!(evaluate(&nested(DEEPEST)), Err(Problem::TooDeep));
    assert_eq!(evaluate(&"-".repeat(LONGEST)), Err(Problem::TooDeep));
    assert_eq!(evaluate(&"2^".repeat(5_000)), Err(Problem::TooDeep));
    assert_eq!(evaluate(&"d2:ceil(".repeat(2_000)), Err(Problem::TooDeep));
    let wide = vec!["1"; LONGEST / 2].join("+");
    assert_eq!(evaluate(&wide), Ok(Some((LONGEST / 2).to_string())));
    assert_eq!(evaluate(&format!("{wide}+1")), Err(Problem::TooLong));
    let huge = "d2:validatePattern('a', '(a{1000}){1000}')";
    assert_eq!(evaluate(huge), Err(Problem::Pattern));
    let mut condition = "1".to_owned();
    for _ in 0..4 {
        condition = format!(
            "d2:condition('{}', 1, 1)",
            condition.replace('\\', "\\\\").replace('\'', "\\'")
        );
    }
    assert_eq!(evaluate(&condition), Ok(Some("1".to_owned())));
}
