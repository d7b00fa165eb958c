//! The configured database: opened, or its trouble explained by the key and the remedy.

use std::borrow::Cow;

use storage::{Address, OpenError, Store, Trouble};

/// The book cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("DATABASE_URL: {0}; {remedy}", remedy = remedy(.0))]
pub struct NoDatabase(#[from] pub OpenError);

/// Opens the book and brings its schema up to date.
///
/// # Errors
/// One sentence that names the key, the database, what is wrong and what to do.
pub async fn open(address: &Address) -> Result<Store, NoDatabase> {
    Ok(Store::open(address).await?)
}

/// What to do about a database that cannot be opened.
#[must_use]
pub fn remedy(error: &OpenError) -> Cow<'static, str> {
    match error {
        OpenError::Folder { .. } | OpenError::Storage { .. } => {
            "set DATABASE_URL to sqlite: and a file that we may write to, or OTTO_DATA_DIR to a \
             folder"
        }
        OpenError::SchemaTooNew { .. } => "set DATABASE_URL to it",
        OpenError::Server { trouble, .. } => server_remedy(*trouble),
    }
    .into()
}

fn server_remedy(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Unreachable => {
            "start the server, or correct the host and the port in DATABASE_URL; a firewall may be \
             in between"
        }
        Trouble::Tls => {
            "set sslmode in DATABASE_URL to what the server offers: require for most managed ones, \
             verify-full with sslrootcert where its certificate is to be checked, disable where it \
             has none"
        }
        Trouble::Unauthorized => {
            "correct the user and the password in DATABASE_URL; percent-encode what is special in \
             them"
        }
        Trouble::NoSuchDatabase => {
            "create it (createdb), or correct the name at the end of DATABASE_URL"
        }
        Trouble::NotAllowed => {
            "name a user in DATABASE_URL who may create tables there; or run `otto migrate` as one \
             who may, and grant SELECT, INSERT, UPDATE and DELETE on its tables to this one"
        }
        Trouble::NoBtreeGist => {
            "have an administrator of the database run CREATE EXTENSION btree_gist in it, once"
        }
        Trouble::Full => {
            "raise the server's max_connections, or set DATABASE_URL to a pooler in front of it"
        }
        Trouble::Schema => {
            "its tables are not those that otto made; set DATABASE_URL to an empty database"
        }
        Trouble::Other => "correct DATABASE_URL; the server's log may say more",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_names_the_key_or_the_command_that_helps() {
        for trouble in [
            Trouble::Unreachable,
            Trouble::Tls,
            Trouble::Unauthorized,
            Trouble::NoSuchDatabase,
            Trouble::NotAllowed,
            Trouble::NoBtreeGist,
            Trouble::Full,
            Trouble::Schema,
            Trouble::Other,
        ] {
            let remedy = server_remedy(trouble);
            assert!(
                remedy.contains("DATABASE_URL") || remedy.contains("CREATE EXTENSION"),
                "{trouble:?}: {remedy}"
            );
        }
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_one_sentence_without_the_password() {
        let address = Address::parse("postgres://otto:s3cret@127.0.0.1:1/book");
        let refused = open(&address.expect("an address")).await;
        let said = refused.expect_err("nobody listens there").to_string();
        assert!(said.starts_with("DATABASE_URL: "), "{said}");
        assert!(said.contains("postgres://otto@127.0.0.1:1/book"), "{said}");
        assert!(said.contains("start the server"), "{said}");
        assert!(!said.contains("s3cret") && !said.contains('\n'), "{said}");
    }
}
