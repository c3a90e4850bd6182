//! What the engine hands over, as the conversation takes it.

use socketioxide_core::Value;

use crate::service::RawPacket;

impl From<Value> for RawPacket {
    fn from(value: Value) -> Self {
        match value {
            Value::Str(text, attachments) => Self {
                text: text.as_str().to_owned(),
                binary: attachments.is_some_and(|attachments| !attachments.is_empty()),
            },
            Value::Bytes(_) => Self { text: String::new(), binary: true },
        }
    }
}
