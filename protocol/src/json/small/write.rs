//! A writer of JSON that is small once compiled; see [`read`](super::read).

use super::Malformed;

/// What can be written. Mostly derived: the derive keeps to serde's attributes.
pub trait ToJson {
    /// Writes the value.
    fn write(&self, writer: &mut Writer);
}

/// Writes a value.
///
/// # Errors
/// None: as `serde_json` has it.
pub fn to_string<T: ToJson + ?Sized>(value: &T) -> Result<String, Malformed> {
    let mut writer = Writer { text: String::new(), is_flat: false };
    value.write(&mut writer);
    Ok(writer.text)
}

/// A field of a struct that is written.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// It is left out where it would be this; nothing never is.
    pub empty: &'static str,
    /// Whether its own fields are written in its stead.
    pub flat: bool,
}

/// A text that is being written.
#[derive(Debug)]
pub struct Writer {
    text: String,
    /// The next object's fields go into the one that is open.
    is_flat: bool,
}

impl Writer {
    /// A string.
    #[inline(never)]
    pub fn string(&mut self, text: &str) {
        self.text.push('"');
        let mut rest = text;
        while let Some(place) = rest.bytes().position(|byte| byte < 0x20 || matches!(byte, b'"' | b'\\')) {
            let (plain, special) = rest.split_at(place);
            self.text.push_str(plain);
            self.escape(special.as_bytes()[0]);
            rest = &special[1..];
        }
        self.text.push_str(rest);
        self.text.push('"');
    }

    fn escape(&mut self, byte: u8) {
        let (sign, digit) = match byte {
            b'"' | b'\\' => (char::from(byte), None),
            0x8 => ('b', None),
            0xc => ('f', None),
            b'\n' => ('n', None),
            b'\r' => ('r', None),
            b'\t' => ('t', None),
            _ => ('u', Some(byte)),
        };
        self.text.push('\\');
        self.text.push(sign);
        if let Some(byte) = digit {
            self.text.push_str("00");
            self.text.push(char::from(b'0' + (byte >> 4)));
            self.text.push(char::from(b"0123456789abcdef"[usize::from(byte & 15)]));
        }
    }

    /// An integer.
    #[inline(never)]
    pub fn integer(&mut self, mut value: u64) {
        let mut digits = [0; 20];
        let mut place = digits.len();
        loop {
            place -= 1;
            digits[place] = b'0' + (value % 10) as u8;
            value /= 10;
            if value == 0 {
                break;
            }
        }
        self.text.extend(digits[place..].iter().map(|digit| char::from(*digit)));
    }

    /// A text that is JSON already.
    pub fn raw(&mut self, json: &str) {
        self.text.push_str(json);
    }

    /// A comma, unless this is the first of what is open.
    fn comma(&mut self) {
        if !self.text.ends_with(['{', '[']) {
            self.text.push(',');
        }
    }

    /// The name of what follows.
    fn key(&mut self, name: &str) {
        self.comma();
        self.string(name);
        self.text.push(':');
    }

    /// An object of these fields: `write` writes the one of a place.
    #[inline(never)]
    pub fn object(&mut self, keys: &[Key], write: &mut dyn FnMut(usize, &mut Self)) {
        let is_flat = std::mem::take(&mut self.is_flat);
        if !is_flat {
            self.text.push('{');
        }
        for (place, Key { name, empty, flat }) in keys.iter().enumerate() {
            if *flat {
                self.is_flat = true;
                write(place, self);
                continue;
            }
            let before = self.text.len();
            self.key(name);
            let begin = self.text.len();
            write(place, self);
            if self.text[begin..] == **empty {
                self.text.truncate(before);
            }
        }
        if !is_flat {
            self.text.push('}');
        }
    }

    /// An array of so many items: `write` writes the one of a place.
    #[inline(never)]
    pub fn array(&mut self, len: usize, write: &mut dyn FnMut(usize, &mut Self)) {
        self.text.push('[');
        for place in 0..len {
            self.comma();
            write(place, self);
        }
        self.text.push(']');
    }

    /// Every item in an array.
    pub fn items<T: ToJson>(&mut self, items: impl IntoIterator<Item = T>) {
        self.text.push('[');
        for item in items {
            self.comma();
            item.write(self);
        }
        self.text.push(']');
    }

    /// Every entry in an object; the keys are strings.
    pub fn entries<K: ToJson, V: ToJson>(&mut self, entries: impl IntoIterator<Item = (K, V)>) {
        self.text.push('{');
        for (key, value) in entries {
            self.comma();
            key.write(self);
            self.text.push(':');
            value.write(self);
        }
        self.text.push('}');
    }

    /// A variant with its content.
    #[inline(never)]
    pub fn variant(&mut self, name: &str, write: &mut dyn FnMut(&mut Self)) {
        self.text.push('{');
        self.string(name);
        self.text.push(':');
        write(self);
        self.text.push('}');
    }
}
