//! What a row gives, whichever database it is of; so that rows become values in one place for all of them.

use sqlx::{Row as _, postgres::PgRow, sqlite::SqliteRow};

use super::StoreError;

/// A row's columns by name.
pub(super) trait Columns {
    fn text(&self, column: &str) -> Result<&str, StoreError>;
    fn optional_text(&self, column: &str) -> Result<Option<&str>, StoreError>;
    fn integer(&self, column: &str) -> Result<i64, StoreError>;
    fn optional_integer(&self, column: &str) -> Result<Option<i64>, StoreError>;
    fn flag(&self, column: &str) -> Result<bool, StoreError>;
}

macro_rules! columns {
    ($($row:ty),*) => {$(
        impl Columns for $row {
            fn text(&self, column: &str) -> Result<&str, StoreError> {
                Ok(self.try_get(column)?)
            }

            fn optional_text(&self, column: &str) -> Result<Option<&str>, StoreError> {
                Ok(self.try_get(column)?)
            }

            fn integer(&self, column: &str) -> Result<i64, StoreError> {
                Ok(self.try_get(column)?)
            }

            fn optional_integer(&self, column: &str) -> Result<Option<i64>, StoreError> {
                Ok(self.try_get(column)?)
            }

            fn flag(&self, column: &str) -> Result<bool, StoreError> {
                Ok(self.try_get(column)?)
            }
        }
    )*};
}
columns!(SqliteRow, PgRow);
