//! What a database refuses, as a store tells it.

use super::StoreError;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(refusal) => {
                let kind = refusal.code().map_or(Refusal::Statement, |code| Refusal::of(&code));
                kind.told(refusal.to_string())
            }
            sqlx::Error::RowNotFound | sqlx::Error::Encode(_) => Self::Statement(error.to_string()),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_) => {
                Self::Corrupt(error.to_string())
            }
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

/// What a database's refusal is about, by its code: five characters of Postgres, a number of SQLite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    Statement,
    Contention,
    Unavailable,
}

impl Refusal {
    fn of(code: &str) -> Self {
        match code.as_bytes() {
            // Serialization failure, deadlock, and a unique key that another node was faster to take.
            b"40001" | b"40P01" | b"23505" => Self::Contention,
            // Connections, resources, shutdown and start-up, cancelled statements, a standby that cannot write.
            [b'0', b'8', ..] | [b'5', b'3' | b'7' | b'8', _, _, _] | b"25006" | b"55P03" => Self::Unavailable,
            _ => Self::Statement,
        }
    }

    fn told(self, why: String) -> StoreError {
        match self {
            Self::Statement => StoreError::Statement(why),
            Self::Contention => StoreError::Contention(why),
            Self::Unavailable => StoreError::Unavailable(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_by_its_code() {
        for (code, kind) in [
            ("40P01", Refusal::Contention),
            ("23505", Refusal::Contention),
            ("57P01", Refusal::Unavailable),
            ("57014", Refusal::Unavailable),
            ("08006", Refusal::Unavailable),
            ("53300", Refusal::Unavailable),
            ("22P05", Refusal::Statement),
            ("5", Refusal::Statement),
            ("2067", Refusal::Statement),
        ] {
            assert_eq!(Refusal::of(code), kind, "{code}");
        }
    }
}
