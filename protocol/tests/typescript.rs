//! The npm package's `protocol.ts` is what the types here make of it. `cargo xtask codegen` writes it anew.

use std::{collections::BTreeMap, env, fmt::Write as _, fs, path::Path};

use roomcast_protocol::{ErrorBody, Limits, handshake::Auth, registry};
use ts_rs::{Config, TS, TypeVisitor};

struct Types {
    config: Config,
    found: BTreeMap<String, String>,
}

impl TypeVisitor for Types {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        // What has a file of its own is a type of ours; the rest is TypeScript's or is written in place.
        if T::output_path().is_none() || self.found.contains_key(&T::name(&self.config)) {
            return;
        }
        let docs = T::docs().unwrap_or_default();
        self.found.insert(T::name(&self.config), format!("{docs}export {}\n", T::decl(&self.config)));
        T::visit_dependencies(self);
    }
}

fn typescript() -> String {
    let config = || Config::new().with_large_int("number");
    let mut types = Types { config: config(), found: BTreeMap::new() };
    let config = config();
    let commands = registry::typescript_commands(&config, &mut types);
    let events = registry::typescript_events(&config, &mut types);
    types.visit::<ErrorBody>();
    types.visit::<Auth>();
    let mut text = "/** What the server and its clients say to one another. Made by `cargo xtask codegen`; not to be changed here. */\n\n".to_owned();
    for declaration in types.found.values() {
        text.push_str(declaration);
        text.push('\n');
    }
    let _ = writeln!(text, "/** Every command with its payload and its reply. */\nexport type Commands = {{");
    for (name, payload, reply) in commands {
        let _ = writeln!(text, "  \"{name}\": {{ payload: {payload}; reply: {reply} }};");
    }
    let _ = writeln!(text, "}};\n\n/** Every event with its payload. */\nexport type Events = {{");
    for (name, payload) in events {
        let _ = writeln!(text, "  \"{name}\": {payload};");
    }
    text.push_str("};\n\n");
    text.push_str("/** The name of a command. */\nexport type CommandName = keyof Commands;\n");
    text.push_str("/** What goes with a command. */\n");
    text.push_str("export type CommandPayload<C extends CommandName> = Commands[C][\"payload\"];\n");
    text.push_str("/** What answers a command. */\n");
    text.push_str("export type CommandReply<C extends CommandName> = Commands[C][\"reply\"];\n\n");
    let limits = serde_json::to_string_pretty(&Limits::default()).expect("limits are numbers");
    let _ = writeln!(
        text,
        "/** What is in force until the server says otherwise. */\nexport const DEFAULT_LIMITS: Limits = {limits};"
    );
    text
}

#[test]
fn the_committed_types_are_those_of_the_protocol() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../npm/src/protocol.ts");
    let wanted = typescript();
    if env::var_os("ROOMCAST_WRITE_TYPES").is_some() {
        fs::write(&path, &wanted).expect("the package's folder is there");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == wanted, "npm/src/protocol.ts is not what the protocol says; run: cargo xtask codegen");
}
