//! `#[derive(ToJson, FromJson)]`: the small JSON of `roomcast_protocol::json::small`, told by serde's own attributes.
//!
//! A type says once, for serde, how it looks in JSON. These derives read the same attributes and make of them a list of
//! names and one `match` over places; what else there is to reading and writing is compiled once for all types. An
//! attribute that they do not know is an error, so that nothing is read in another way than serde reads it.

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::{format_ident, quote};
use syn::{Data, DeriveInput, Fields, Ident, parse_macro_input, parse_quote};

mod attributes;

use attributes::{Named, Shape};

/// Writes the type as `serde::Serialize` does.
#[proc_macro_derive(ToJson, attributes(serde))]
pub fn to_json(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    write(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// Reads the type as `serde::Deserialize` does.
#[proc_macro_derive(FromJson, attributes(serde))]
pub fn from_json(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    read(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// The path to the traits: derived for other crates, too.
fn small() -> Tokens {
    quote!(::roomcast_protocol::json::small)
}

fn write(input: &DeriveInput) -> syn::Result<Tokens> {
    let small = small();
    let shape = Shape::of(&input.attrs)?;
    let body = if let Some(into) = &shape.into {
        quote!(#small::ToJson::write(&<#into>::from(::core::clone::Clone::clone(self)), __writer))
    } else {
        match &input.data {
            Data::Struct(data) => match &data.fields {
                Fields::Unnamed(_) => quote!(#small::ToJson::write(&self.0, __writer)),
                fields => {
                    let (names, writes) = write_fields(fields, &shape, |field| quote!(&self.#field))?;
                    quote!(__writer.object(&[#(#names),*], &mut |__at, __writer| match __at { #writes }))
                }
            },
            Data::Enum(data) => {
                let arms = data.variants.iter().map(|variant| write_variant(variant, &shape));
                let arms = arms.collect::<syn::Result<Vec<_>>>()?;
                quote!(match self { #(#arms)* })
            }
            Data::Union(_) => return Err(syn::Error::new_spanned(input, "a union has no JSON")),
        }
    };
    let mut generics = input.generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(parse_quote!(#small::ToJson));
    }
    let (name, (parameters, arguments, bounds)) = (&input.ident, generics.split_for_impl());
    Ok(quote! {
        #[automatically_derived]
        impl #parameters #small::ToJson for #name #arguments #bounds {
            fn write(&self, __writer: &mut #small::Writer) { #body }
        }
    })
}

/// The names of the fields, and the arms that write them.
fn write_fields(
    fields: &Fields,
    shape: &Shape,
    place: impl Fn(&Ident) -> Tokens,
) -> syn::Result<(Vec<Tokens>, Tokens)> {
    let small = small();
    let (mut names, mut arms) = (Vec::new(), Vec::new());
    for field in fields {
        let Some(Named { name, empty, flat, .. }) = Named::of(field, shape)? else { continue };
        let (at, ident) = (arm(names.len()), field.ident.as_ref());
        let value = ident.map(&place);
        names.push(quote!(#small::Key { name: #name, empty: #empty, flat: #flat }));
        arms.push(quote!(#at => #small::ToJson::write(#value, __writer),));
    }
    Ok((names, quote!(#(#arms)* _ => {})))
}

fn write_variant(variant: &syn::Variant, shape: &Shape) -> syn::Result<Tokens> {
    let small = small();
    let (ident, name) = (&variant.ident, shape.variant(&variant.ident));
    let content = match &variant.fields {
        Fields::Unit => return Ok(quote!(Self::#ident => __writer.string(#name),)),
        Fields::Named(fields) => {
            // The names of a variant's own fields stay as they are.
            let (names, writes) = write_fields(&variant.fields, &Shape::default(), |field| quote!(#field))?;
            let bound = fields.named.iter().map(|field| &field.ident);
            return Ok(quote! {
                Self::#ident { #(#bound),* } => __writer.variant(#name, &mut |__writer| {
                    __writer.object(&[#(#names),*], &mut |__at, __writer| match __at { #writes });
                }),
            });
        }
        Fields::Unnamed(fields) => fields,
    };
    let bound: Vec<Ident> = (0..content.unnamed.len()).map(|place| format_ident!("field{place}")).collect();
    let written = match (content.unnamed.first().map(Named::with).transpose()?.flatten(), bound.as_slice()) {
        (Some(with), [one]) => quote!(#with::write(#one, __writer)),
        (_, [one]) => quote!(#small::ToJson::write(#one, __writer)),
        (_, many) => {
            let (len, places) = (many.len(), (0..many.len()).map(arm));
            quote! {
                __writer.array(#len, &mut |__at, __writer| match __at {
                    #(#places => #small::ToJson::write(#many, __writer),)*
                    _ => {}
                })
            }
        }
    };
    Ok(if shape.untagged {
        quote!(Self::#ident(#(#bound),*) => #written,)
    } else {
        quote!(Self::#ident(#(#bound),*) => __writer.variant(#name, &mut |__writer| #written),)
    })
}

fn read(input: &DeriveInput) -> syn::Result<Tokens> {
    let small = small();
    let shape = Shape::of(&input.attrs)?;
    let (blank, body) = if let Some(from) = &shape.from {
        let blank = quote!(<Self as ::core::convert::From<#from>>::from(#small::FromJson::blank()));
        (blank, quote!(*self = <#from as #small::FromJson>::take(__reader)?.into(); Ok(())))
    } else {
        match &input.data {
            Data::Struct(data) => read_struct(&data.fields, &shape)?,
            Data::Enum(data) => read_enum(data, &shape)?,
            Data::Union(_) => return Err(syn::Error::new_spanned(input, "a union has no JSON")),
        }
    };
    let (name, (_, arguments, bounds)) = (&input.ident, input.generics.split_for_impl());
    // A type that borrows borrows from the text.
    let own = input.generics.lifetimes().next().map(|parameter| parameter.lifetime.clone());
    let de = own.unwrap_or_else(|| parse_quote!('de));
    Ok(quote! {
        #[automatically_derived]
        impl<#de> #small::FromJson<#de> for #name #arguments #bounds {
            fn blank() -> Self { #blank }
            fn read(&mut self, __reader: &mut #small::Reader<#de>) -> ::core::result::Result<(), #small::Malformed> { #body }
        }
    })
}

/// What stands there before it is read, and how it is read.
fn read_struct(fields: &Fields, shape: &Shape) -> syn::Result<(Tokens, Tokens)> {
    let small = small();
    if let Fields::Unnamed(_) = fields {
        return Ok((quote!(Self(#small::FromJson::blank())), quote!(self.0.read(__reader))));
    }
    let (names, reads) = read_fields(fields, shape, |field| quote!(self.#field))?;
    let blank = if shape.default {
        quote!(::core::default::Default::default())
    } else {
        let idents = fields.iter().map(|field| &field.ident);
        quote!(Self { #(#idents: #small::FromJson::blank()),* })
    };
    Ok((blank, quote!(__reader.object(&[#(#names),*], &mut |__at, __reader| match __at { #reads }))))
}

/// The names of the fields, and the arms that read them.
fn read_fields(fields: &Fields, shape: &Shape, place: impl Fn(&Ident) -> Tokens) -> syn::Result<(Vec<Tokens>, Tokens)> {
    let small = small();
    let (mut names, mut arms) = (Vec::new(), Vec::new());
    for field in fields {
        let Some(Named { name, optional, flat, .. }) = Named::of(field, shape)? else { continue };
        if flat {
            return Err(syn::Error::new_spanned(field, "what is flat is read by way of `from`"));
        }
        let (at, value) = (arm(names.len()), field.ident.as_ref().map(&place));
        names.push(quote!(#small::Wanted { name: #name, optional: #optional }));
        arms.push(quote!(#at => #small::FromJson::read(&mut #value, __reader),));
    }
    Ok((names, quote!(#(#arms)* _ => Ok(()))))
}

fn read_enum(data: &syn::DataEnum, shape: &Shape) -> syn::Result<(Tokens, Tokens)> {
    let small = small();
    let names: Vec<String> = data.variants.iter().map(|variant| shape.variant(&variant.ident)).collect();
    let (mut units, mut arms) = (0_u64, Vec::new());
    // A unit where there is one: it costs least.
    let (mut unit, mut blank) = (None, None);
    for (place, variant) in data.variants.iter().enumerate() {
        let ident = &variant.ident;
        let read = match &variant.fields {
            Fields::Unit => {
                units |= 1 << place;
                unit.get_or_insert(quote!(Self::#ident));
                quote!(*self = Self::#ident)
            }
            Fields::Unnamed(content) => {
                if content.unnamed.len() > 1 {
                    return Err(syn::Error::new_spanned(variant, "a variant of several values is only written"));
                }
                match content.unnamed.first().map(Named::with).transpose()?.flatten() {
                    Some(with) => quote!(*self = Self::#ident(#with::read(__reader)?)),
                    None => {
                        blank.get_or_insert(quote!(Self::#ident(#small::FromJson::blank())));
                        quote!(*self = Self::#ident(#small::FromJson::take(__reader)?))
                    }
                }
            }
            Fields::Named(content) => {
                let (wanted, reads) = read_fields(&variant.fields, &Shape::default(), |field| quote!(#field))?;
                let idents: Vec<_> = content.named.iter().map(|field| &field.ident).collect();
                blank.get_or_insert(quote!(Self::#ident { #(#idents: #small::FromJson::blank()),* }));
                quote! {
                    #(let mut #idents = #small::FromJson::blank();)*
                    __reader.object(&[#(#wanted),*], &mut |__at, __reader| match __at { #reads })?;
                    *self = Self::#ident { #(#idents),* }
                }
            }
        };
        let at = arm(place);
        arms.push(quote!(#at => { #read; }));
    }
    let body = quote! {
        let (__at, __open) = __reader.variant(&[#(#names),*], #units)?;
        match __at { #(#arms)* _ => return Err(#small::Malformed) }
        __reader.close_variant(__open)
    };
    Ok((unit.or(blank).unwrap_or_default(), body))
}

/// A place as the pattern of an arm.
fn arm(place: usize) -> syn::LitInt {
    syn::LitInt::new(&place.to_string(), proc_macro2::Span::call_site())
}
