//! The web chat, as `roomcast dev` serves it out of the binary, under a policy that runs no script but its own.

use axum::{
    Router,
    extract::Request,
    handler::HandlerWithoutStateExt as _,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};

/// What was in `examples/web-chat/dist/site` when this was built, by path; nothing where it had not been built.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/web_chat.rs"));

const INDEX: &str = "/index.html";

/// No inline script or style, nothing from elsewhere; the client core is WebAssembly. `'self'` covers the WebSocket.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; font-src 'self'; \
                      img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'; require-trusted-types-for 'script'";

/// Whether there is a web chat in this binary.
pub(super) fn is_built_in() -> bool {
    file(INDEX).is_some()
}

/// Its files, and its page for every other address that a browser opens.
pub(super) fn routes() -> Router {
    // As a service: axum makes a handler anew for each request, and the layers around it with it, which for the
    // engine's would be another list of sessions each time.
    Router::new().fallback_service(serve.into_service())
}

async fn serve(request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let path = request.uri().path();
    match file(path) {
        Some(content) => found(path, content),
        None if path == "/" || opens_page(request.headers()) => match file(INDEX) {
            Some(content) => found(INDEX, content),
            None => StatusCode::NOT_FOUND.into_response(),
        },
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn file(path: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(name, _)| *name == path).map(|(_, content)| *content)
}

/// A page's own requests for what is not there are errors; a person's get the page.
fn opens_page(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.split(',').any(|kind| kind.trim().starts_with("text/html")))
}

fn found(path: &str, content: &'static [u8]) -> Response {
    // The names of these hold a hash of their content.
    let caching = if path.starts_with("/assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers: [(HeaderName, &str); 5] = [
        (header::CONTENT_TYPE, content_type(path)),
        (header::CACHE_CONTROL, caching),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers.map(|(name, value)| (name, HeaderValue::from_str(value).expect("visible characters"))), content)
        .into_response()
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hashed_names_are_kept_for_ever() {
        let caching = |path| found(path, b"").headers()[header::CACHE_CONTROL].to_str().map(str::to_owned);
        assert_eq!(caching("/index.html").expect("visible"), "no-cache");
        assert!(caching("/assets/index-abc.js").expect("visible").contains("immutable"));
    }

    #[test]
    fn the_policy_allows_no_inline_script() {
        let headers = found(INDEX, b"").headers().clone();
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().expect("visible");
        assert!(policy.contains("script-src 'self' 'wasm-unsafe-eval';") && !policy.contains("unsafe-inline"));
    }

    #[test]
    fn a_page_is_for_those_who_ask_for_one() {
        let asking = |accept: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            opens_page(&headers)
        };
        assert!(asking("text/html,application/xhtml+xml;q=0.9"));
        assert!(!asking("*/*"));
    }
}
