//! The SQLite book passes the contract.

mod contract;

/// An empty book.
async fn store() -> storage::Store {
    storage::Store::open_in_memory()
        .await
        .expect("a temporary book opens")
}

contract::suite!(crate::store);
