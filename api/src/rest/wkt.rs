//! `GeoJSON` as well-known text, which DHIS2's CSV holds.

use serde_json::Value;

/// Longitude and latitude of a point; `None` for other shapes.
#[must_use]
pub fn point(geometry: &Value) -> Option<(f64, f64)> {
    if geometry["type"] != "Point" {
        return None;
    }
    let place = |index: usize| geometry["coordinates"].get(index)?.as_f64();
    Some((place(0)?, place(1)?))
}

/// The shape as text; `None` for shapes that events do not have.
#[must_use]
pub fn of(geometry: &Value) -> Option<String> {
    let (name, depth) = match geometry["type"].as_str()? {
        "Point" => ("POINT", 0),
        "LineString" => ("LINESTRING", 1),
        "MultiPoint" => ("MULTIPOINT", 1),
        "Polygon" => ("POLYGON", 2),
        "MultiLineString" => ("MULTILINESTRING", 2),
        "MultiPolygon" => ("MULTIPOLYGON", 3),
        _ => return None,
    };
    let coordinates = &geometry["coordinates"];
    let text = nested(coordinates, depth)?;
    Some(if depth == 0 {
        format!("{name} ({text})")
    } else {
        format!("{name} {text}")
    })
}

/// Positions at a depth of lists: `1 2` at 0, `(1 2, 3 4)` at 1 and so on.
fn nested(coordinates: &Value, depth: usize) -> Option<String> {
    let items = coordinates.as_array()?.iter();
    if depth == 0 {
        let numbers: Option<Vec<String>> = items
            .map(|number| Some(number.as_f64()?.to_string()))
            .collect();
        return Some(numbers?.join(" "));
    }
    let inner: Option<Vec<String>> = items.map(|item| nested(item, depth - 1)).collect();
    Some(format!("({})", inner?.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn shapes_become_text() {
        let point_json = json!({ "type": "Point", "coordinates": [12.5, 41.0] });
        assert_eq!(of(&point_json).as_deref(), Some("POINT (12.5 41)"));
        assert_eq!(point(&point_json), Some((12.5, 41.0)));
        let polygon =
            json!({ "type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]] });
        assert_eq!(
            of(&polygon).as_deref(),
            Some("POLYGON ((0 0, 1 0, 1 1, 0 0))")
        );
        assert_eq!(point(&polygon), None);
        for wrong in [
            json!(null),
            json!({ "type": "Cube" }),
            json!({ "type": "Point", "coordinates": "x" }),
        ] {
            assert_eq!(of(&wrong), None);
        }
    }
}
