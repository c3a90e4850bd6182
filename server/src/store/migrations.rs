//! How the tables came to be what they are, a file for each step. `sqlx::migrate!` would list the files by itself, but
//! with it come macros for which the compiler builds the drivers of both databases once more.

use sqlx::{
    SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
};

/// The name of a file, without its ending, and what it holds.
type Step = (&'static str, &'static str);

macro_rules! steps {
    ($folder:literal: $($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../migrations/", $folder, "/", $name, ".sql")))),+]
    };
}

const SQLITE: &[Step] = steps!["sqlite":
    "0001_begin",
    "0002_reactions",
    "0003_pins",
    "0004_rooms",
    "0005_search",
    "0006_blocks",
    "0007_revocations",
    "0008_reactions_taken",
];

const POSTGRES: &[Step] = steps!["postgres": "0001_initial", "0002_revocations", "0003_reactions_taken"];

/// All that a database in a file went through.
pub(super) fn sqlite() -> Migrator {
    migrator(SQLITE)
}

/// All that a database on a server went through.
pub(super) fn postgres() -> Migrator {
    migrator(POSTGRES)
}

fn migrator(steps: &[Step]) -> Migrator {
    let migration = |&(name, sql): &Step| {
        let (number, name) = name.split_once('_').expect("a file's name begins with its number");
        let number = number.parse().expect("a file's name begins with its number");
        Migration::new(number, name.replace('_', " ").into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(steps.iter().map(migration).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_step() {
        for (folder, steps) in [("sqlite", SQLITE), ("postgres", POSTGRES)] {
            let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
            let files = folder.read_dir().expect("it is there").map(|file| file.expect("it can be read").file_name());
            let mut files: Vec<_> = files.map(|name| name.into_string().expect("it is text")).collect();
            files.sort();
            let known: Vec<_> = steps.iter().map(|(name, _)| format!("{name}.sql")).collect();
            assert_eq!(files, known);
        }
    }
}
