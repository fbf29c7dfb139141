//! DHIS2's `pager`: the page, its size, totals when asked for, and links to the pages beside it.

use actix_web::HttpRequest;
use serde_json::{Value, json};

use super::parameters::PageOf;

/// The pager of a page. `total` is the number of rows of all pages, when it was counted.
#[must_use]
pub fn pager(request: &HttpRequest, page: PageOf, more: bool, total: Option<i64>) -> Value {
    let mut pager = json!({ "page": page.number, "pageSize": page.size });
    if let Some(total) = total {
        pager["total"] = total.into();
        let size = i64::from(page.size);
        pager["pageCount"] = ((total + size - 1) / size).into();
    }
    if page.number > 1 {
        pager["prevPage"] = link(request, page.number - 1).into();
    }
    if more {
        pager["nextPage"] = link(request, page.number.saturating_add(1)).into();
    }
    pager
}

/// The absolute address of another page of the same request.
fn link(request: &HttpRequest, number: u32) -> String {
    let connection = request.connection_info();
    let address = format!(
        "{}://{}{}",
        connection.scheme(),
        connection.host(),
        request.path()
    );
    let mut is_replaced = false;
    let mut pairs: Vec<String> = Vec::new();
    for pair in request
        .query_string()
        .split('&')
        .filter(|pair| !pair.is_empty())
    {
        let is_page = pair.split('=').next() == Some("page");
        if !is_page {
            pairs.push(pair.to_owned());
        } else if !is_replaced {
            pairs.push(format!("page={number}"));
            is_replaced = true;
        }
    }
    if !is_replaced {
        pairs.push(format!("page={number}"));
    }
    format!("{address}?{}", pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn shown(uri: &str, number: u32, more: bool, total: Option<i64>) -> Value {
        let request = TestRequest::get()
            .uri(uri)
            .insert_header(("Host", "clinics.example"))
            .to_http_request();
        let page = PageOf {
            number,
            size: 2,
            total: total.is_some(),
        };
        pager(&request, page, more, total)
    }

    #[test]
    fn links_lead_to_the_pages_beside() {
        assert_eq!(
            shown(
                "/api/43/tracker/events?order=a%3Aasc&page=2&x=1",
                2,
                true,
                Some(5)
            ),
            json!({
                "page": 2, "pageSize": 2, "total": 5, "pageCount": 3,
                "prevPage": "http://clinics.example/api/43/tracker/events?order=a%3Aasc&page=1&x=1",
                "nextPage": "http://clinics.example/api/43/tracker/events?order=a%3Aasc&page=3&x=1",
            })
        );
        assert_eq!(
            shown("/api/tracker/events?program=p", 1, false, None),
            json!({ "page": 1, "pageSize": 2 })
        );
        assert_eq!(shown("/a", 1, false, Some(0))["pageCount"], 0);
    }
}
