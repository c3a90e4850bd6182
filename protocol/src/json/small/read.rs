//! A reader of JSON that is small once compiled: what a page loads is counted in kilobytes.
//!
//! Of each type it compiles no more than which field comes where: scanning is done by a few functions that know no
//! type, and an error says nothing but that there is one. What it takes and what it refuses is what `serde_json` takes
//! and refuses, but for structs written as arrays and numbers with a fraction, which the contract has none of; and a
//! name that is no field's is always passed over.

use std::borrow::Cow;

use super::Malformed;

/// Most levels of nesting, as in `serde_json`.
const DEPTH: u32 = 128;

/// What can be read. Mostly derived: the derive keeps to serde's attributes.
pub trait FromJson<'de>: Sized {
    /// What stands there until it is read, and where it need not be there.
    fn blank() -> Self;

    /// Reads a value in the place of this one.
    ///
    /// # Errors
    /// [`Malformed`] where the text is not the JSON of such a value; this one may be half of it then.
    fn read(&mut self, reader: &mut Reader<'de>) -> Result<(), Malformed>;

    /// Reads a value.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    fn take(reader: &mut Reader<'de>) -> Result<Self, Malformed> {
        let mut value = Self::blank();
        value.read(reader).map(|()| value)
    }
}

/// Reads a value.
///
/// # Errors
/// [`Malformed`] where the text is not the JSON of such a value.
pub fn from_str<'de, T: FromJson<'de>>(text: &'de str) -> Result<T, Malformed> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    let value = T::take(&mut reader)?;
    if reader.peek() == END { Ok(value) } else { Err(Malformed) }
}

/// A field of a struct that is read.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Its name.
    pub name: &'static str,
    /// Whether it may be missing.
    pub optional: bool,
}

/// What `peek` gives at the end: no JSON holds it outside of a string.
const END: u8 = 0;

/// A text, read up to some place.
#[derive(Debug)]
pub struct Reader<'de> {
    text: &'de str,
    at: usize,
    depth: u32,
}

impl<'de> Reader<'de> {
    fn byte(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(END)
    }

    /// The next byte that is no space.
    #[inline(never)]
    pub fn peek(&mut self) -> u8 {
        while matches!(self.byte(), b' ' | b'\n' | b'\t' | b'\r') {
            self.at += 1;
        }
        self.byte()
    }

    #[inline(never)]
    fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.peek() != byte {
            return Err(Malformed);
        }
        self.at += 1;
        Ok(())
    }

    #[inline(never)]
    fn open(&mut self, byte: u8) -> Result<(), Malformed> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Malformed);
        }
        self.expect(byte)
    }

    /// Whether another entry follows; otherwise the end is behind us.
    #[inline(never)]
    fn more(&mut self, first: &mut bool, close: u8) -> Result<bool, Malformed> {
        let is_first = std::mem::replace(first, false);
        if self.peek() == close {
            self.at += 1;
            self.depth -= 1;
            return Ok(false);
        }
        if !is_first {
            self.expect(b',')?;
            if self.peek() == close {
                return Err(Malformed);
            }
        }
        Ok(true)
    }

    #[inline(never)]
    fn word(&mut self, word: &str) -> Result<(), Malformed> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(Malformed);
        }
        self.at += word.len();
        Ok(())
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// [`Malformed`] where it is neither.
    #[inline(never)]
    pub fn boolean(&mut self) -> Result<bool, Malformed> {
        let value = self.peek() == b't';
        self.word(if value { "true" } else { "false" })?;
        Ok(value)
    }

    /// An integer of at most so much.
    ///
    /// # Errors
    /// [`Malformed`] where it is none.
    #[inline(never)]
    pub fn integer(&mut self, most: u64) -> Result<u64, Malformed> {
        self.peek();
        let begin = self.at;
        let mut value = 0_u64;
        while let digit @ b'0'..=b'9' = self.byte() {
            value = value.checked_mul(10).and_then(|v| v.checked_add(u64::from(digit - b'0'))).ok_or(Malformed)?;
            self.at += 1;
        }
        let digits = &self.text.as_bytes()[begin..self.at];
        let padded = digits.len() > 1 && digits.starts_with(b"0");
        let goes_on = matches!(self.byte(), b'.' | b'e' | b'E');
        if digits.is_empty() || padded || goes_on || value > most { Err(Malformed) } else { Ok(value) }
    }

    /// What stands between the quotes, as it stands there, and whether it holds escapes.
    #[inline(never)]
    fn quoted(&mut self) -> Result<(&'de str, bool), Malformed> {
        self.expect(b'"')?;
        let begin = self.at;
        let mut escaped = false;
        loop {
            match self.byte() {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.at += 2;
                }
                0..=0x1f => return Err(Malformed),
                _ => self.at += 1,
            }
        }
        let inside = self.text.get(begin..self.at).ok_or(Malformed)?;
        self.at += 1;
        Ok((inside, escaped))
    }

    /// A string; its own copy only where it holds escapes.
    ///
    /// # Errors
    /// [`Malformed`] where it is none.
    #[inline(never)]
    pub fn string(&mut self) -> Result<Cow<'de, str>, Malformed> {
        let (inside, escaped) = self.quoted()?;
        if escaped { unescape(inside).map(Cow::Owned) } else { Ok(Cow::Borrowed(inside)) }
    }

    /// An object: `read` is given the place of each field that is there.
    ///
    /// # Errors
    /// [`Malformed`] where one is there twice, or one that must be there is not.
    #[inline(never)]
    pub fn object(
        &mut self,
        wanted: &[Wanted],
        read: &mut dyn FnMut(usize, &mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.open(b'{')?;
        let (mut first, mut seen) = (true, 0_u64);
        // Fields come in the order in which they are written, most often.
        let mut next = 0;
        while self.more(&mut first, b'}')? {
            let name = self.string()?;
            self.expect(b':')?;
            let (before, from) = wanted.split_at(next);
            let is_it = |field: &Wanted| *field.name == *name;
            let place = from.iter().position(is_it).map(|place| place + next).or_else(|| before.iter().position(is_it));
            let Some(place) = place else {
                self.skip()?;
                continue;
            };
            if seen & 1 << place != 0 {
                return Err(Malformed);
            }
            seen |= 1 << place;
            next = place + 1;
            read(place, self)?;
        }
        let is_there = |(place, field): (usize, &Wanted)| field.optional || seen & 1 << place != 0;
        if wanted.iter().enumerate().all(is_there) { Ok(()) } else { Err(Malformed) }
    }

    /// An array: `read` is called where another item begins.
    ///
    /// # Errors
    /// [`Malformed`] where it is none, or an item's.
    #[inline(never)]
    pub fn array(&mut self, read: &mut dyn FnMut(&mut Self) -> Result<(), Malformed>) -> Result<(), Malformed> {
        self.open(b'[')?;
        let mut first = true;
        while self.more(&mut first, b']')? {
            read(self)?;
        }
        Ok(())
    }

    /// An object of any names: `read` is called where another name begins, and reads up to the end of its value.
    ///
    /// # Errors
    /// [`Malformed`] where it is none, or an entry's.
    #[inline(never)]
    pub fn map(&mut self, read: &mut dyn FnMut(&mut Self) -> Result<(), Malformed>) -> Result<(), Malformed> {
        self.open(b'{')?;
        let mut first = true;
        while self.more(&mut first, b'}')? {
            read(self)?;
        }
        Ok(())
    }

    /// What follows a name.
    ///
    /// # Errors
    /// [`Malformed`] where nothing does.
    pub fn colon(&mut self) -> Result<(), Malformed> {
        self.expect(b':')
    }

    /// A variant's place among these names: its name alone where it is a unit (`units` has their bits), or an object
    /// of its name and its content, which is open then.
    ///
    /// # Errors
    /// [`Malformed`] where it is none of these.
    #[inline(never)]
    pub fn variant(&mut self, names: &[&str], units: u64) -> Result<(usize, bool), Malformed> {
        let is_open = self.peek() == b'{';
        if is_open {
            self.open(b'{')?;
        }
        let name = self.string()?;
        let place = names.iter().position(|known| **known == *name).ok_or(Malformed)?;
        let is_unit = units & 1 << place != 0;
        match (is_open, is_unit) {
            (false, false) => return Err(Malformed),
            (false, true) => {}
            (true, _) => self.expect(b':')?,
        }
        if is_open && is_unit {
            self.null()?;
        }
        Ok((place, is_open))
    }

    /// The end of a variant.
    ///
    /// # Errors
    /// [`Malformed`] where its object has more.
    #[inline(never)]
    pub fn close_variant(&mut self, is_open: bool) -> Result<(), Malformed> {
        if is_open {
            self.depth -= 1;
            self.expect(b'}')?;
        }
        Ok(())
    }

    fn null(&mut self) -> Result<(), Malformed> {
        self.peek();
        self.word("null")
    }

    /// Whether a value is there; otherwise it is `null`, which is behind us.
    ///
    /// # Errors
    /// [`Malformed`] where it is neither.
    #[inline(never)]
    pub fn some(&mut self) -> Result<bool, Malformed> {
        let is_some = self.peek() != b'n';
        if !is_some {
            self.null()?;
        }
        Ok(is_some)
    }

    /// Passes over a value of any kind, and gives its text.
    ///
    /// # Errors
    /// [`Malformed`] where it is no JSON.
    #[inline(never)]
    pub fn skip(&mut self) -> Result<&'de str, Malformed> {
        self.peek();
        let begin = self.at;
        self.skip_value()?;
        Ok(&self.text[begin..self.at])
    }

    fn skip_value(&mut self) -> Result<(), Malformed> {
        match self.peek() {
            b'"' => self.string().map(drop),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            b'{' | b'[' => self.skip_entries(),
            _ => self.skip_number(),
        }
    }

    #[inline(never)]
    fn skip_entries(&mut self) -> Result<(), Malformed> {
        let is_map = self.byte() == b'{';
        let (open, close) = if is_map { (b'{', b'}') } else { (b'[', b']') };
        self.open(open)?;
        let mut first = true;
        while self.more(&mut first, close)? {
            if is_map {
                self.string()?;
                self.expect(b':')?;
            }
            self.skip_value()?;
        }
        Ok(())
    }

    #[inline(never)]
    fn skip_number(&mut self) -> Result<(), Malformed> {
        self.at += usize::from(self.byte() == b'-');
        let zero = self.byte() == b'0';
        if self.digits()? > 1 && zero {
            return Err(Malformed);
        }
        if self.byte() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.byte(), b'e' | b'E') {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), b'+' | b'-'));
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<usize, Malformed> {
        let begin = self.at;
        while self.byte().is_ascii_digit() {
            self.at += 1;
        }
        if self.at == begin { Err(Malformed) } else { Ok(self.at - begin) }
    }
}

#[inline(never)]
fn unescape(inside: &str) -> Result<String, Malformed> {
    let mut text = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some(place) = rest.find('\\') {
        text.push_str(&rest[..place]);
        let code = *rest.as_bytes().get(place + 1).ok_or(Malformed)?;
        let mut length = 2;
        text.push(match code {
            b'"' | b'\\' | b'/' => char::from(code),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = hex(rest, place + 2)?;
                length = 6;
                let code = if (0xd800..0xdc00).contains(&high) {
                    if rest.as_bytes().get(place + 6..place + 8) != Some(b"\\u") {
                        return Err(Malformed);
                    }
                    let low = hex(rest, place + 8)?;
                    length = 12;
                    let low = low.checked_sub(0xdc00).filter(|low| *low < 0x400).ok_or(Malformed)?;
                    0x1_0000 + ((high - 0xd800) << 10) + low
                } else {
                    high
                };
                char::from_u32(code).ok_or(Malformed)?
            }
            _ => return Err(Malformed),
        });
        rest = rest.get(place + length..).ok_or(Malformed)?;
    }
    text.push_str(rest);
    Ok(text)
}

fn hex(text: &str, at: usize) -> Result<u32, Malformed> {
    let digits = text.as_bytes().get(at..at + 4).ok_or(Malformed)?;
    digits.iter().try_fold(0, |code, digit| Some(code << 4 | char::from(*digit).to_digit(16)?)).ok_or(Malformed)
}
