use async_graphql::{
    EmptyMutation, EmptySubscription, Interface, Object, Result, Schema, SimpleObject,
    parser::parse_query,
};

use super::*;

/// A schema whose fields fail in every way.
struct Query;

#[Object]
impl Query {
    async fn hello(&self) -> &str {
        "world"
    }

    async fn fail(&self) -> Result<i32> {
        Err("fail".into())
    }

    async fn outside(&self) -> Result<Option<i32>> {
        Err("outside".into())
    }

    async fn inside(&self) -> Option<Result<i32>> {
        Some(Err("inside".into()))
    }

    async fn obj(&self) -> Option<Obj> {
        Some(Obj)
    }

    async fn sure(&self) -> Obj {
        Obj
    }

    async fn list(&self) -> Vec<Obj> {
        vec![Obj, Obj]
    }

    async fn perhaps(&self) -> Option<Vec<Option<Obj>>> {
        Some(vec![Some(Obj), None])
    }

    async fn numbers(&self) -> Option<Vec<Result<i32>>> {
        Some(vec![Ok(1), Err("second".into())])
    }

    async fn sure_numbers(&self) -> Vec<Result<i32>> {
        vec![Ok(1), Err("second".into())]
    }

    async fn holes(&self) -> Vec<Option<Result<i32>>> {
        vec![Some(Ok(1)), Some(Err("second".into()))]
    }

    async fn thing(&self) -> Option<Thing> {
        Some(Thing::Plain(Plain { id: 1 }))
    }
}

struct Obj;

#[Object]
impl Obj {
    async fn ok(&self) -> i32 {
        1
    }

    async fn bad(&self) -> Result<i32> {
        Err("bad".into())
    }

    async fn soft(&self) -> Result<Option<i32>> {
        Err("soft".into())
    }

    async fn next(&self) -> Obj {
        Obj
    }

    async fn may(&self) -> Option<Obj> {
        Some(Obj)
    }
}

#[derive(Interface)]
#[graphql(field(name = "id", ty = "&i32"))]
enum Thing {
    Plain(Plain),
}

#[derive(SimpleObject)]
#[graphql(complex)]
struct Plain {
    id: i32,
}

#[async_graphql::ComplexObject]
impl Plain {
    async fn broken(&self) -> Result<i32> {
        Err("broken".into())
    }
}

/// The data of a document, and how many errors stand beside them.
async fn answer(text: &str) -> (String, usize) {
    let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
    let mut response = schema.execute(text).await;
    let document = parse_query(text).expect("a document");
    let (_, operation) = document.operations.iter().next().expect("an operation");
    let shapes = Shapes::of(&schema.sdl());
    propagate(&mut response, &document, &operation.node, &shapes);
    (response.data.to_string(), response.errors.len())
}

#[actix_web::test]
async fn a_failed_field_is_null_where_it_may_be_and_else_what_holds_it() {
    for (document, data) in [
        // The four rows of what servers differ in.
        ("{ hello fail }", "null"),
        ("{ hello outside }", r#"{hello: "world", outside: null}"#),
        ("{ hello inside }", r#"{hello: "world", inside: null}"#),
        ("{ obj { ok bad } }", "{obj: null}"),
        // An object of which every field failed is still there.
        ("{ outside }", "{outside: null}"),
        ("{ obj { soft } }", "{obj: {soft: null}}"),
        ("{ sure { soft } }", "{sure: {soft: null}}"),
        ("{ sure { bad } }", "null"),
        ("{ fail }", "null"),
        // Up to the nearest place that may be null.
        (
            "{ obj { ok may { next { next { bad } } } } }",
            "{obj: {ok: 1, may: null}}",
        ),
        ("{ sure { ok next { ok bad } } }", "null"),
        (
            "{ obj { may { bad } bad } hello }",
            r#"{obj: null, hello: "world"}"#,
        ),
        // Names are those of the answer.
        (
            "{ a: obj { b: bad } c: obj { d: soft ok } }",
            "{a: null, c: {ok: 1, d: null}}",
        ),
    ] {
        let (found, errors) = answer(document).await;
        assert_eq!(found, data, "{document}");
        assert!(errors > 0, "{document}");
    }
}

#[actix_web::test]
async fn a_failed_item_is_null_where_it_may_be_and_else_the_list() {
    for (document, data) in [
        ("{ list { ok bad } }", "null"),
        (
            "{ list { ok soft } }",
            "{list: [{ok: 1, soft: null}, {ok: 1, soft: null}]}",
        ),
        ("{ list { soft } }", "{list: [{soft: null}, {soft: null}]}"),
        ("{ perhaps { ok bad } }", "{perhaps: [null, null]}"),
        (
            "{ perhaps { soft } hello }",
            r#"{perhaps: [{soft: null}, null], hello: "world"}"#,
        ),
        ("{ numbers hello }", r#"{numbers: null, hello: "world"}"#),
        ("{ sureNumbers hello }", "null"),
        ("{ holes }", "{holes: [1, null]}"),
    ] {
        assert_eq!(answer(document).await.0, data, "{document}");
    }
}

#[actix_web::test]
async fn fields_are_found_in_fragments_and_under_interfaces() {
    for (document, data) in [
        ("{ thing { id ... on Plain { broken } } }", "{thing: null}"),
        (
            "{ hello ...F } fragment F on Query { obj { ...G } } fragment G on Obj { ok bad }",
            r#"{hello: "world", obj: null}"#,
        ),
        (
            "{ obj { ok } obj { ... { x: soft } } }",
            "{obj: {ok: 1, x: null}}",
        ),
    ] {
        assert_eq!(answer(document).await.0, data, "{document}");
    }
}

#[actix_web::test]
async fn what_has_no_error_stays_as_it_is() {
    let document = "{ hello obj { ok may { ok } } list { ok } thing { id } }";
    let (data, errors) = answer(document).await;
    assert_eq!(
        (data.as_str(), errors),
        (
            r#"{hello: "world", obj: {ok: 1, may: {ok: 1}}, list: [{ok: 1}, {ok: 1}], thing: {id: 1}}"#,
            0
        )
    );
}

/// An error names no type, so a type must not promise more than its interfaces: then it does not matter which one is asked.
#[test]
fn types_have_the_nulls_of_their_interfaces() {
    let document = parse_schema(crate::graphql::sdl()).expect("a schema");
    let mut compared = 0;
    for definition in &document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let TypeKind::Object(object) = &definition.node.kind else {
            continue;
        };
        let name = definition.node.name.node.as_str();
        for interface in &object.implements {
            for (field, ty) in &SHAPES.fields[interface.node.as_str()] {
                let own = &SHAPES.fields[name][field];
                assert_eq!(ty.nullable, own.nullable, "{name}.{field}");
                compared += 1;
            }
        }
    }
    assert!(compared > 10);
}
