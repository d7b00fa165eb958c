//! The program and its calendar: a call, a kill in the middle, the doctor.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use storage::calendar::CalendarBooking;
use storage::{Address, Store};
use tests::program::{NOW, Program, command, printed, wait};
use tests::shop::agree;
use tests::vendors::google::{Fault, Google};

const OTTO: &str = env!("CARGO_BIN_EXE_otto-under-test");
const BOOKER: &str = env!("CARGO_BIN_EXE_booker-under-test");

/// How long anything may take that is not what a test measures.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a program is killed while it books; `KILL_ROUNDS` overrides it.
const ROUNDS: usize = 20;

/// An oil change for John Carter, by voice.
const SCRIPT: &str = "help: i need an oil change\nwhen: friday at three p m\n\
    which_vehicle: the honda\nconfirm: yes\nanything_else: no thank you that is all\n";

async fn bookings(store: &Store) -> Vec<CalendarBooking> {
    let now = NOW.parse().expect("an instant");
    store.calendar.bookings(now).await.expect("readable")
}

/// Waits until nothing is left in the outbox.
async fn caught_up(store: &Store) {
    let patience = Instant::now() + PATIENCE;
    loop {
        let depth = store.calendar.depth().await.expect("readable");
        if depth.pending == 0 {
            assert_eq!(depth.dead, 0);
            return;
        }
        assert!(Instant::now() < patience, "{depth:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_booked_by_voice_survives_a_kill_and_is_one_event() {
    let google = Google::start().await;
    let settings = google.settings();
    let mut all: Vec<(&str, &str)> = settings.iter().map(|(k, v)| (*k, v.as_str())).collect();
    all.push(("OTTO_SPEECH", "typed"));
    let mut otto = Program::serve_with(OTTO, &all);
    let store = Store::open(otto.book()).await.expect("a book");
    caught_up(&store).await;
    assert_eq!(google.events().len(), 1, "the seeded booking");

    // From now on Google does what it is asked and the program never hears of it.
    google.faults.inject(Fault::DoneThenSilent);
    let mut caller = otto.call_by(SCRIPT);
    let patience = Instant::now() + PATIENCE;
    while google.events().len() < 2 {
        assert!(Instant::now() < patience, "nothing was booked");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    otto.signal("KILL");
    otto.wait();
    let _ = caller.kill();
    wait(&mut caller);
    let depth = store.calendar.depth().await.expect("readable");
    assert_eq!(depth.pending, 1, "the entry is not lost");

    google.faults.heal();
    otto.serve_again(&all);
    caught_up(&store).await;
    assert_eq!(agree(&bookings(&store).await, google.events()).len(), 2);
    let page = reqwest::get(format!("{}/metrics", otto.address())).await;
    let page = page.expect("served").text().await.expect("text");
    assert!(page.contains("otto_calendar_seconds_count{op="), "{page}");

    // The doctor looks at both sides.
    let examined = |folder: &std::path::Path| {
        let examined = command(OTTO, folder, &["doctor", "--speech", "typed", "--now", NOW])
            .envs(all.iter().copied())
            .env("PORT", "0")
            .env("RUST_LOG", "off")
            .output()
            .expect("the program starts");
        let said = printed(&examined);
        let line = said.lines().find(|line| line.contains(" calendar: "));
        line.unwrap_or_else(|| panic!("nothing of the calendar in {said}"))
            .to_owned()
    };
    let said = examined(otto.folder());
    assert!(
        said.starts_with("ok") && said.contains("agrees with the book"),
        "{said}"
    );
    google.erase(&google.events()[0].id);
    let said = examined(otto.folder());
    assert!(
        said.starts_with("weak") && said.contains("1 events missing"),
        "{said}"
    );
    google.faults.inject(Fault::Revoked);
    let said = examined(otto.folder());
    assert!(
        said.starts_with("BROKEN") && said.contains("GOOGLE_REFRESH_TOKEN"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_again_and_again_while_it_books_it_loses_nothing_and_doubles_nothing() {
    let rounds = std::env::var("KILL_ROUNDS").ok();
    let rounds = rounds
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(ROUNDS);
    let google = Google::start().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let seeded = command(OTTO, folder.path(), &["seed", "--now", NOW]).status();
    assert!(seeded.expect("the program starts").success());
    let address = format!("sqlite:{}", folder.path().join("otto.db").display());
    let store = Store::open(&Address::parse(&address).expect("an address")).await;
    let store = store.expect("a book");
    let mut booked = 0;
    for round in 0..rounds {
        // One in five requests fails, half of them after they were done.
        google.faults.inject(Fault::Failing(20));
        let mut booker = Command::new(BOOKER)
            .args([&address, &google.origin(), &booked.to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the booker starts");
        let lines = BufReader::new(booker.stdout.take().expect("piped")).lines();
        // Each round dies a little later.
        let told: Vec<i64> = lines
            .map_while(Result::ok)
            .take(2 + round % 5)
            .map(|line| line.parse().expect("a number"))
            .collect();
        booker.kill().expect("it runs");
        booker.wait().expect("it ends");
        let last = *told.last().expect("something was booked");
        let rows = bookings(&store).await;
        for number in 0..=last {
            let key = format!("CAbooker:{number}");
            let row = rows.iter().find(|row| row.key == key);
            let row = row.unwrap_or_else(|| panic!("round {round}: {key} was told and is lost"));
            assert!(
                row.underway || row.event.is_some(),
                "round {round}: {row:?}"
            );
        }
        // What was booked and not told of is there, whole, or not at all.
        booked = i64::try_from(rows.len() - 1).expect("few");
    }
    google.faults.heal();
    let settings = google.settings();
    let mut all: Vec<(&str, &str)> = settings.iter().map(|(k, v)| (*k, v.as_str())).collect();
    all.push(("OTTO_SPEECH", "typed"));
    all.push(("DATABASE_URL", &address));
    let otto = Program::serve_with(OTTO, &all);
    caught_up(&store).await;
    let events = agree(&bookings(&store).await, google.events());
    assert!(events.len() > rounds, "{} events", events.len());
    drop(otto);
}
