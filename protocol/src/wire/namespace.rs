//! The namespace that a Socket.IO packet belongs to.

use super::EncodeError;

/// A namespace as it stands in a packet: a path and, from some clients, a query string.
///
/// Starts with `/` and holds no comma. [`ROOT`](Self::ROOT), the default, is left out of packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namespace<'a>(&'a str);

impl<'a> Namespace<'a> {
    /// `/`, the one namespace that Roomcast itself uses.
    pub const ROOT: Namespace<'static> = Namespace("/");

    /// A namespace to encode.
    ///
    /// # Errors
    /// [`EncodeError::Namespace`] if `text` does not start with `/` or holds a comma: no peer could
    /// read it back.
    pub fn new(text: &'a str) -> Result<Self, EncodeError> {
        if text.starts_with('/') && !text.contains(',') { Ok(Self(text)) } else { Err(EncodeError::Namespace) }
    }

    /// Path and query, as they stand in the packet.
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// What names the namespace: everything before the first `?`.
    pub fn path(self) -> &'a str {
        self.0.split_once('?').map_or(self.0, |(path, _)| path)
    }

    /// What follows the first `?`, still percent-encoded.
    ///
    /// Socket.IO v5 sends parameters in the CONNECT packet's data; clients of older revisions put
    /// them here.
    pub fn query(self) -> Option<&'a str> {
        self.0.split_once('?').map(|(_, query)| query)
    }

    /// Whether this is the default namespace, with or without a query.
    pub fn is_root(self) -> bool {
        self.path() == "/"
    }

    /// Splits a leading namespace off `text`.
    ///
    /// The comma may be missing when nothing follows: `1/admin` is as good as `1/admin,`.
    pub(super) fn split_from(text: &'a str) -> (Self, &'a str) {
        if !text.starts_with('/') {
            return (Self::ROOT, text);
        }
        let (namespace, rest) = text.split_once(',').unwrap_or((text, ""));
        (Self(namespace), rest)
    }
}
