//! The book itself.

use storage::Store;

use super::scene::{at, booked, regular};

pub(crate) async fn a_booking_takes_the_first_free_bay(store: Store) {
    let (ann, ben) = (regular(&store, 101).await, regular(&store, 102).await);
    assert_eq!(booked(&store, &ann, at(9, 0), at(10, 0)).await.bay, 1);
    assert_eq!(booked(&store, &ben, at(9, 30), at(10, 30)).await.bay, 2);
}
