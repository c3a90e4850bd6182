//! What must not be read by others, replaced by something that the core takes the same way.

use roomcast_protocol::{
    base64::{self, Alphabet},
    collections::BTreeMap,
    json,
};

use super::Redaction;
use crate::input::Token;

/// Fields whose values people wrote.
const TEXTS: [&str; 4] = ["content", "text", "topic", "query"];
/// Reasons that no human gave.
const REASONS: [&str; 7] = ["left", "removed", "banned", "deleted", "Connect", "Refused", "Expiring"];
/// Fields of an attachment that tell what it is.
const ATTACHED: [&str; 2] = ["url", "name"];

/// Replaces secrets in JSON texts, keeping their form: the rest stays byte for byte.
#[derive(Debug, Clone)]
pub(super) struct Redactor {
    redaction: Redaction,
    tokens: BTreeMap<String, String>,
}

/// Where a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Plain,
    Metadata,
    Attachments,
}

#[derive(Debug)]
struct Level {
    is_object: bool,
    place: Place,
}

impl Redactor {
    pub(super) const fn new(redaction: Redaction) -> Self {
        Self { redaction, tokens: BTreeMap::new() }
    }

    /// A text with JSON in it, as a frame or a line is one. What is not JSON stays as it is.
    pub(super) fn redact(&mut self, text: &str) -> String {
        let mut redacted = String::with_capacity(text.len());
        let mut levels: Vec<Level> = Vec::new();
        let mut key: Option<String> = None;
        let mut rest = text;
        while let Some(start) = rest.find(['"', '{', '}', '[', ']', ',']) {
            let (before, from) = rest.split_at(start);
            redacted.push_str(before);
            let place = levels.last().map_or(Place::Plain, |level| level.place);
            let length = match from.as_bytes()[0] {
                b'"' => {
                    let Some(length) = string_length(from) else {
                        rest = from;
                        break;
                    };
                    let (literal, after) = from.split_at(length);
                    let is_key = levels.last().is_some_and(|level| level.is_object) && key.is_none();
                    let value: Option<String> = json::from_str(literal).ok();
                    if is_key && after.trim_start().starts_with(':') {
                        redacted.push_str(literal);
                        key = value;
                    } else {
                        let replaced = value.and_then(|value| self.value(key.as_deref(), place, &value));
                        match replaced.map(|value| json::to_string(&value)) {
                            Some(Ok(value)) => redacted.push_str(&value),
                            _ => redacted.push_str(literal),
                        }
                    }
                    length
                }
                open @ (b'{' | b'[') => {
                    redacted.push(char::from(open));
                    let place = match key.take().as_deref() {
                        Some("metadata") => Place::Metadata,
                        Some("attachments") => Place::Attachments,
                        _ => place,
                    };
                    levels.push(Level { is_object: open == b'{', place });
                    1
                }
                other => {
                    redacted.push(char::from(other));
                    key = None;
                    if other != b',' {
                        levels.pop();
                    }
                    1
                }
            };
            rest = &from[length..];
        }
        redacted.push_str(rest);
        redacted
    }

    /// A string's replacement, if it needs one.
    fn value(&mut self, key: Option<&str>, place: Place, value: &str) -> Option<String> {
        match key {
            Some("token") => Some(self.placeholder(value)),
            Some("frame") => Some(self.redact(value)),
            Some("body") if place == Place::Plain => Some(self.redact(value)),
            _ if self.redaction == Redaction::Secrets => None,
            _ if place == Place::Metadata => Some(mask(value)),
            Some(key) if TEXTS.contains(&key) => Some(mask(value)),
            Some("reason") if !REASONS.contains(&value) => Some(mask(value)),
            Some(key) if place == Place::Attachments && ATTACHED.contains(&key) => Some(mask(value)),
            _ => None,
        }
    }

    /// What stands for a token: another for each, and as long, so that a frame is as long as it was; and the same
    /// user's, since the core looks at that.
    fn placeholder(&mut self, token: &str) -> String {
        let mut next = format!("token-{}", self.tokens.len() + 1);
        if let Some(user_id) = Token(token.to_owned()).user() {
            // An id is always written.
            let claims = format!(r#"{{"sub":{}}}"#, json::to_string(&user_id).unwrap_or_default());
            next.push('.');
            base64::encode(Alphabet::Url, claims.as_bytes(), &mut next);
            next.push('.');
        }
        self.tokens.entry(token.to_owned()).or_insert_with(|| format!("{next:-<0$}", token.len())).clone()
    }
}

/// How long a string literal is, with both quotes; `None` for one without an end.
fn string_length(from: &str) -> Option<usize> {
    let mut escaped = false;
    let end = from.bytes().skip(1).position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })?;
    Some(end + 2)
}

/// Letters and digits become others of the same length; an address keeps its scheme.
fn mask(text: &str) -> String {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => (Some(scheme), rest),
        _ => (None, text),
    };
    let masked = |c: char| match (c.is_alphanumeric(), c.len_utf8()) {
        (false, _) => c,
        (true, 1) => 'x',
        (true, 2) => '\u{e9}',
        (true, 3) => '\u{5b57}',
        (true, _) => '\u{20000}',
    };
    scheme.into_iter().flat_map(|scheme| [scheme, "://"]).flat_map(str::chars).chain(rest.chars().map(masked)).collect()
}

#[cfg(test)]
mod tests {
    use ::base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;

    fn redacted(redaction: Redaction, text: &str) -> String {
        Redactor::new(redaction).redact(text)
    }

    #[test]
    fn a_token_is_replaced_wherever_it_stands_and_nothing_else() {
        let mut redactor = Redactor::new(Redaction::Secrets);
        let connect = redactor.redact(r#"40{"token":"eyJhbGciOi","client":{"name":"token"}}"#);
        assert_eq!(connect, r#"40{"token":"token-1---","client":{"name":"token"}}"#);
        let line = redactor.redact(r#"{"frame":"423[\"refresh-token\",{\"token\":\"eyJhbGciOi\"}]","token":"other"}"#);
        assert_eq!(line, r#"{"frame":"423[\"refresh-token\",{\"token\":\"token-1---\"}]","token":"token-2"}"#);
        let plain = r#"42["new-message",{"message":{"content":"\u00e9 \"token\": x"},"n":[1.50,-2]}]"#;
        assert_eq!(redactor.redact(plain), plain);
    }

    #[test]
    fn what_stands_for_a_token_has_its_user_and_its_length() {
        let claims = URL_SAFE_NO_PAD.encode(r#"{"exp":1700000000,"sub":"alice","name":"Alice"}"#);
        let token = format!("eyJhbGciOiJIUzI1NiJ9.{claims}.c2lnbmF0dXJlc2lnbmF0dXJl");
        let body = format!("40{{\"token\":\"{token}\"}}\u{1e}42[\"typing-start\",\"r\"]");
        let line = serde_json::json!({ "body": body }).to_string();
        let redacted = redacted(Redaction::Secrets, &line);
        assert!(!redacted.contains(&claims) && redacted.len() == line.len(), "{redacted}");
        let stand_in = redacted.split("token\\\":\\\"").nth(1).and_then(|rest| rest.split('\\').next()).unwrap();
        assert_eq!(Token(stand_in.to_owned()).user().unwrap().as_str(), "alice");
    }

    #[test]
    fn words_are_masked_by_choice() {
        let text = r#"42["m",{"content":"Hi, 5 é\n","userId":"bob","metadata":{"a":["b1"]},"x":"y","attachments":[{"url":"https://a.b/c","mime":"image/png"}]}]"#;
        let masked = r#"42["m",{"content":"xx, x é\n","userId":"bob","metadata":{"a":["xx"]},"x":"y","attachments":[{"url":"https://x.x/x","mime":"image/png"}]}]"#;
        assert_eq!(redacted(Redaction::SecretsAndText, text), masked);
        assert_eq!(redacted(Redaction::Secrets, text), text);
    }

    #[test]
    fn what_is_no_json_stays_as_it_is() {
        for text in [
            "",
            "2",
            "\"",
            "42[\"a",
            "}{][,",
            "42[\"\\",
            "{\"content",
            "{\"content\":\"abc",
            "é\"\\é\"",
            "{{\"a\"\"b\"}",
        ] {
            assert_eq!(redacted(Redaction::SecretsAndText, text), text);
        }
    }
}
