//! A certificate for this machine, signed by an authority that nobody else trusts.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// Files of an authority, a key and a certificate for `127.0.0.1` and `localhost`.
#[derive(Debug)]
pub struct Certificate {
    dir: TempDir,
}

impl Certificate {
    /// Makes all of them.
    ///
    /// # Panics
    /// If openssl is not installed.
    #[must_use]
    pub fn for_loopback() -> Self {
        let certificate = Self { dir: TempDir::with_prefix("roomcast-tls-").expect("a directory can be made") };
        let fresh =
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
        let authority = ["-subj", "/CN=authority", "-keyout", "authority.key", "-out", "authority.pem"];
        certificate.openssl(fresh.iter().chain(&authority));
        let own = [
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-CA",
            "authority.pem",
            "-CAkey",
            "authority.key",
            "-keyout",
            "own.key",
            "-out",
            "own.pem",
        ];
        certificate.openssl(fresh.iter().chain(&own));
        certificate
    }

    /// The authority's certificate.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.file("authority.pem")
    }

    /// The certificate.
    #[must_use]
    pub fn own(&self) -> PathBuf {
        self.file("own.pem")
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.file("own.key")
    }

    fn file(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join(name)
    }

    fn openssl<'a>(&self, args: impl Iterator<Item = &'a &'a str>) {
        let output = Command::new("openssl").args(args).current_dir(self.dir.path()).output();
        let output = output.expect("openssl is not installed: apt-get install openssl");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
