//! What serde's attributes say.

use syn::{Attribute, Field, Ident, LitStr, Path, Type, meta::ParseNestedMeta};

/// What the attributes of a type say.
#[derive(Default)]
pub(crate) struct Shape {
    rename_all: Option<String>,
    /// Fields that are not there are those of the type's default.
    pub(crate) default: bool,
    pub(crate) untagged: bool,
    pub(crate) from: Option<Path>,
    pub(crate) into: Option<Path>,
}

impl Shape {
    pub(crate) fn of(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut shape = Self::default();
        for_each(attributes, |meta| {
            match key(&meta)?.as_str() {
                "rename_all" => shape.rename_all = Some(text(&meta)?.value()),
                "default" => shape.default = true,
                "untagged" => shape.untagged = true,
                "from" => shape.from = Some(text(&meta)?.parse()?),
                "into" => shape.into = Some(text(&meta)?.parse()?),
                "try_from" => drop(text(&meta)?),
                // One field without a name is its value anyway, and what has another name is passed over.
                "transparent" | "deny_unknown_fields" => {}
                _ => return Err(meta.error("not known here")),
            }
            Ok(())
        })?;
        Ok(shape)
    }

    /// The name of a variant.
    pub(crate) fn variant(&self, ident: &Ident) -> String {
        let name = ident.to_string();
        match self.rename_all.as_deref() {
            Some("lowercase") => name.to_ascii_lowercase(),
            Some("camelCase") => name[..1].to_ascii_lowercase() + &name[1..],
            Some("snake_case") => {
                let mut snake = String::new();
                for (place, sign) in name.char_indices() {
                    if place > 0 && sign.is_ascii_uppercase() {
                        snake.push('_');
                    }
                    snake.push(sign.to_ascii_lowercase());
                }
                snake
            }
            _ => name,
        }
    }

    fn field(&self, ident: &Ident) -> String {
        let name = ident.to_string();
        if self.rename_all.as_deref() != Some("camelCase") {
            return name;
        }
        let mut words = name.split('_');
        let first = words.next().unwrap_or_default().to_owned();
        words.fold(first, |camel, word| camel + &word[..1].to_ascii_uppercase() + &word[1..])
    }
}

/// What the attributes of a field say.
pub(crate) struct Named {
    pub(crate) name: String,
    /// It need not be there.
    pub(crate) optional: bool,
    /// It is not written where it would be this; nothing never is.
    pub(crate) empty: &'static str,
    /// Its fields are written as if they were the type's own.
    pub(crate) flat: bool,
}

impl Named {
    /// `None` of a field that has no JSON.
    pub(crate) fn of(field: &Field, shape: &Shape) -> syn::Result<Option<Self>> {
        let Some(ident) = &field.ident else { return Err(syn::Error::new_spanned(field, "it has no name")) };
        let optional = shape.default || is_option(&field.ty);
        let mut named = Self { name: shape.field(ident), optional, empty: "", flat: false };
        let mut skipped = false;
        for_each(&field.attrs, |meta| {
            match key(&meta)?.as_str() {
                "rename" => named.name = text(&meta)?.value(),
                "default" => named.optional = true,
                "flatten" => named.flat = true,
                "skip" => skipped = true,
                "borrow" => {}
                "skip_serializing_if" => {
                    named.empty = match text(&meta)?.value().as_str() {
                        "Option::is_none" => "null",
                        "Vec::is_empty" => "[]",
                        "BTreeMap::is_empty" => "{}",
                        "std::ops::Not::not" => "false",
                        _ => return Err(meta.error("not known here")),
                    };
                }
                _ => return Err(meta.error("not known here")),
            }
            Ok(())
        })?;
        Ok((!skipped).then_some(named))
    }

    /// The module that reads and writes the one value of a variant in its stead.
    pub(crate) fn with(field: &Field) -> syn::Result<Option<Path>> {
        let mut with = None;
        for_each(&field.attrs, |meta| {
            match key(&meta)?.as_str() {
                "with" => with = Some(text(&meta)?.parse()?),
                "borrow" => {}
                _ => return Err(meta.error("not known here")),
            }
            Ok(())
        })?;
        Ok(with)
    }
}

fn is_option(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"))
}

fn for_each(attributes: &[Attribute], mut take: impl FnMut(ParseNestedMeta<'_>) -> syn::Result<()>) -> syn::Result<()> {
    let serde = attributes.iter().filter(|attribute| attribute.path().is_ident("serde"));
    serde.into_iter().try_for_each(|attribute| attribute.parse_nested_meta(&mut take))
}

fn key(meta: &ParseNestedMeta<'_>) -> syn::Result<String> {
    meta.path.get_ident().map(Ident::to_string).ok_or_else(|| meta.error("not known here"))
}

fn text(meta: &ParseNestedMeta<'_>) -> syn::Result<LitStr> {
    meta.value()?.parse()
}
