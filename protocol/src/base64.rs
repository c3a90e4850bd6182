//! Base64, as far as polling and tokens need it: a crate's tables and loops weigh more than all of that.

/// Which signs, and whether the end is filled up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    /// With `+` and `/`, filled up with `=`.
    Standard,
    /// With `-` and `_`, not filled up.
    Url,
}

impl Alphabet {
    /// The last two signs.
    const fn last(self) -> [u8; 2] {
        match self {
            Self::Standard => *b"+/",
            Self::Url => *b"-_",
        }
    }
}

/// Writes bytes behind what is there.
pub fn encode(alphabet: Alphabet, bytes: &[u8], text: &mut String) {
    let sign = |six: u8| match six {
        0..26 => b'A' + six,
        26..52 => b'a' + six - 26,
        52..62 => b'0' + six - 52,
        _ => alphabet.last()[usize::from(six & 1)],
    };
    for three in bytes.chunks(3) {
        let all = three.iter().fold(0, |all, byte| all << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            if place <= three.len() {
                text.push(char::from(sign((all >> (18 - 6 * place)) as u8 & 63)));
            } else if alphabet == Alphabet::Standard {
                text.push('=');
            }
        }
    }
}

/// Reads what [`encode`] writes; `None` of anything else.
#[must_use]
pub fn decode(alphabet: Alphabet, text: &str) -> Option<Vec<u8>> {
    let signs = match alphabet {
        Alphabet::Standard if !text.len().is_multiple_of(4) => return None,
        Alphabet::Standard => text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text),
        Alphabet::Url => text,
    };
    let mut bytes = Vec::with_capacity(signs.len() * 3 / 4);
    let (mut waiting, mut bits) = (0_u32, 0);
    for sign in signs.bytes() {
        let six = match sign {
            b'A'..=b'Z' => sign - b'A',
            b'a'..=b'z' => sign - b'a' + 26,
            b'0'..=b'9' => sign - b'0' + 52,
            _ => 62 + u8::try_from(alphabet.last().iter().position(|last| *last == sign)?).ok()?,
        };
        waiting = waiting << 6 | u32::from(six);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((waiting >> bits) as u8);
            waiting &= (1 << bits) - 1;
        }
    }
    // A sign too many, or bits that are no byte's.
    (bits < 6 && waiting == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use base64::{
        Engine as _,
        engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
    };
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bytes_are_written_as_the_crate_writes_them(bytes: Vec<u8>) {
            let (mut standard, mut url) = (String::new(), String::new());
            encode(Alphabet::Standard, &bytes, &mut standard);
            encode(Alphabet::Url, &bytes, &mut url);
            prop_assert_eq!(&standard, &STANDARD.encode(&bytes));
            prop_assert_eq!(&url, &URL_SAFE_NO_PAD.encode(&bytes));
            prop_assert_eq!(decode(Alphabet::Standard, &standard), Some(bytes.clone()));
            prop_assert_eq!(decode(Alphabet::Url, &url), Some(bytes));
        }

        #[test]
        fn text_is_taken_as_the_crate_takes_it(text in "[AQgwZz09+/_-]{0,9}[=é ]{0,3}") {
            prop_assert_eq!(decode(Alphabet::Standard, &text), STANDARD.decode(&text).ok());
            prop_assert_eq!(decode(Alphabet::Url, &text), URL_SAFE_NO_PAD.decode(&text).ok());
        }
    }
}
