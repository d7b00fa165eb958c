//! What every implementation of the book must hold. Each test is a function over an empty
//! [`Store`](storage::Store); `suite!` turns them into the tests of one implementation.

pub(crate) mod appointments;
pub(crate) mod scene;

macro_rules! suite {
    ($store:path) => {
        $crate::contract::tests!($store, appointments: [
            a_booking_takes_the_first_free_bay,
        ]);
    };
}

macro_rules! tests {
    ($store:path, $aggregate:ident: [$($name:ident),* $(,)?]) => {
        mod $aggregate {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    $crate::contract::$aggregate::$name($store().await).await;
                }
            )*
        }
    };
}

pub(crate) use {suite, tests};
