use super::*;

fn sources(pairs: &[(&str, &str)]) -> Sources {
    let mut sources = Sources::default();
    let vars = pairs.iter().map(|(k, v)| ((*k).into(), (*v).into()));
    sources.environment(vars).expect("text");
    sources
}

fn parse(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::parse(&sources(pairs))
}

#[test]
fn nothing_set_gives_a_server_for_this_machine_alone() {
    let config = parse(&[("OTTO_DATA_DIR", "/var/otto")]).expect("defaults");
    assert_eq!(config.environment, Environment::Development);
    assert!(config.host.is_loopback());
    assert_eq!(config.port, 8000);
    let file = PathBuf::from("/var/otto/otto.db");
    assert_eq!(config.database, Address::Sqlite(file));
    assert_eq!(config.speech, SpeechMode::Auto);
    assert!(config.admin_token.is_none());
}

#[test]
fn every_wrong_value_is_one_sentence_with_key_and_remedy() {
    let table = [
        ("ENV", "prod", "use development or production"),
        ("BASE_URL", "otto.example", "https://otto.example"),
        ("BASE_URL", "ftp://otto.example", "https://otto.example"),
        (
            "BASE_URL",
            "https://otto.example/app",
            "https://otto.example",
        ),
        (
            "BASE_URL",
            "http://otto.example:99999",
            "https://otto.example",
        ),
        (
            "BASE_URL",
            "http://me:secret@otto.example",
            "https://otto.example",
        ),
        ("HOST", "example", "127.0.0.1"),
        ("PORT", "80a", "1 to 65535"),
        ("PORT", "70000", "1 to 65535"),
        ("DATABASE_URL", "postgres://db", "HOST/DATABASE"),
        ("DATABASE_URL", "postgres://db:a/otto", "HOST/DATABASE"),
        ("DATABASE_URL", "mysql://db", "sqlite:PATH"),
        ("DATABASE_URL", "sqlite:", "sqlite:PATH"),
        ("TWILIO_ACCOUNT_SID", "AC12", "32 hexadecimal digits"),
        ("TWILIO_PHONE_NUMBER", "555", "+12175550100"),
        ("TWILIO_API_URL", "api.twilio.com", "https://api.twilio.com"),
        ("ADMIN_TOKEN", "short", "16 random characters"),
        ("DEEPGRAM_API_KEY", "two words", "vendor's console"),
        ("DEEPGRAM_URL", "api.deepgram.com", "wss://"),
        ("DEEPGRAM_URL", "wss://api.deepgram.com/v1", "wss://"),
        ("DEEPGRAM_MODEL", "nova 3", "as the vendor writes it"),
        ("DEEPGRAM_ENDPOINTING", "5", "leave it unset"),
        ("OPENAI_BASE_URL", "https://api.openai.com", "/v1"),
        ("OPENAI_BASE_URL", "ftp://models.example/v1", "/v1"),
        ("NHTSA_API_URL", "https://vpic.nhtsa.dot.gov", "/api"),
        ("OPENAI_TEMPERATURE", "hot", "0 to 2"),
        ("RUST_LOG", "control=loud", "info,control=debug"),
        ("OTTO_SPEECH", "sung", "auto, recognised or typed"),
        ("TURN_EAGER", "perhaps", "true or false"),
        ("OTTO_SHARDS", "0", "leave it unset"),
        ("OTTO_CALLS_PER_SHARD", "-1", "leave it unset"),
        ("OTTO_DRAIN_SECONDS", "soon", "0 to 3600"),
        ("OTTO_CALL_EVENTS", "some", "off, masked or whole"),
        ("OTTO_CALL_EVENTS_DAYS", "0", "leave it unset"),
    ];
    for (key, value, remedy) in table {
        let sentence = parse(&[(key, value)])
            .map(|_| ())
            .expect_err(value)
            .to_string();
        assert!(sentence.starts_with(key), "{sentence}");
        assert!(sentence.contains(remedy), "{sentence}");
        assert!(!sentence.contains('\n'), "{sentence}");
    }
}

#[test]
fn a_secret_is_neither_in_the_error_nor_in_the_debug_text() {
    let error = parse(&[("ADMIN_TOKEN", "hunter2")])
        .map(|_| ())
        .expect_err("short");
    assert!(!error.to_string().contains("hunter2"));
    for key in ["ADMIN_TOKEN", "DEEPGRAM_API_KEY", "OPENAI_API_KEY"] {
        let config = parse(&[(key, "correct-horse-battery")]).expect("long enough");
        assert!(!format!("{config:?}").contains("horse"), "{key}");
    }
}

#[test]
fn turns_are_eager_unless_they_are_switched_off() {
    assert!(parse(&[]).expect("valid").turn_eager);
    for (value, eager) in [("on", true), ("TRUE", true), ("0", false), ("off", false)] {
        let config = parse(&[("TURN_EAGER", value)]).expect("valid");
        assert_eq!(config.turn_eager, eager, "{value}");
    }
}

#[test]
fn a_vendor_is_there_where_its_key_is() {
    let config = parse(&[("OPENAI_MODEL", "gpt-4o-mini")]).expect("valid");
    assert!(config.openai.is_none() && config.deepgram.is_none());
    let config = parse(&[
        ("DEEPGRAM_API_KEY", "dg"),
        ("DEEPGRAM_URL", "http://127.0.0.1:9100/"),
        ("OPENAI_API_KEY", "sk"),
        ("OPENAI_BASE_URL", "http://127.0.0.1:9100/v1/"),
    ])
    .expect("valid");
    let deepgram = config.deepgram.expect("a key was set");
    assert_eq!(deepgram.origin, "ws://127.0.0.1:9100");
    assert_eq!(deepgram.model, "nova-2-phonecall");
    assert_eq!(deepgram.fallback_model.as_deref(), Some("nova-3"));
    let openai = config.openai.expect("a key was set");
    assert_eq!(openai.base_url, "http://127.0.0.1:9100/v1");
    assert_eq!(openai.model, "gpt-4o");
}

#[test]
fn production_starts_only_with_all_that_proves_who_asks() {
    let whole = [
        ("ENV", "production"),
        ("TWILIO_AUTH_TOKEN", "12345"),
        ("BASE_URL", "https://otto.example"),
        ("ADMIN_TOKEN", "correct horse battery"),
    ];
    let config = parse(&whole).expect("complete");
    assert_eq!(config.environment, Environment::Production);
    for (missing, _) in &whole[1..] {
        let rest: Vec<_> = whole.iter().filter(|(key, _)| key != missing).collect();
        let rest: Vec<_> = rest.into_iter().copied().collect();
        let error = parse(&rest).map(|_| ()).expect_err(missing).to_string();
        assert!(error.starts_with("ENV: production lacks"), "{error}");
        for (key, _) in &whole[1..] {
            assert_eq!(error.contains(key), key == missing, "{error}");
        }
    }
    for url in [
        "http://otto.example",
        "https://localhost:8443",
        "https://127.0.0.1",
        "https://10.0.0.7",
        "https://[::1]:443",
    ] {
        let mut local = whole;
        local[2].1 = url;
        let error = parse(&local).map(|_| ()).expect_err(url).to_string();
        assert!(error.contains("BASE_URL"), "{error}");
    }
    let error = parse(&whole[..1])
        .map(|_| ())
        .expect_err("bare")
        .to_string();
    for (key, _) in &whole[1..] {
        assert!(error.contains(key), "{error}");
    }
}

#[test]
fn twilios_api_is_opened_by_the_token_or_a_whole_key() {
    let sid = "AC0123456789abcdef0123456789abcdef";
    let account = |pairs: &[(&str, &str)]| parse(pairs).expect("valid").twilio.account();
    assert!(account(&[("TWILIO_ACCOUNT_SID", sid)]).is_none());
    assert!(account(&[("TWILIO_AUTH_TOKEN", "12345")]).is_none());
    let by_token = account(&[("TWILIO_ACCOUNT_SID", sid), ("TWILIO_AUTH_TOKEN", "12345")]);
    let by_token = by_token.expect("complete");
    assert_eq!(by_token.user, sid);
    assert_eq!(by_token.origin.to_string(), "https://api.twilio.com");
    let by_key = account(&[
        ("TWILIO_ACCOUNT_SID", sid),
        ("TWILIO_AUTH_TOKEN", "12345"),
        ("TWILIO_API_KEY_SID", "SK1"),
        ("TWILIO_API_KEY_SECRET", "secret"),
        ("TWILIO_API_URL", "http://127.0.0.1:9000/"),
    ]);
    let by_key = by_key.expect("complete");
    assert_eq!(by_key.user, "SK1");
    assert_eq!(by_key.origin.to_string(), "http://127.0.0.1:9000");
    assert!(!format!("{by_key:?}").contains("\"secret\""));
    let half = parse(&[("TWILIO_API_KEY_SID", "SK1")]).map(|_| ());
    let half = half.expect_err("half a key").to_string();
    assert!(half.starts_with("TWILIO_API_KEY_SECRET"), "{half}");
}

#[test]
fn the_environment_wins_over_the_file_and_the_command_line_over_both() {
    let mut sources = sources(&[("PORT", "9001")]);
    let file = std::path::Path::new("otto.toml");
    sources
        .toml(file, "port = 9000\nhost = \"0.0.0.0\"\notto_shards = 2\n")
        .expect("valid");
    sources.set(Key::Shards, "3", Origin::CommandLine);
    let config = Config::parse(&sources).expect("valid");
    assert_eq!(config.port, 9001);
    assert_eq!(config.host.to_string(), "0.0.0.0");
    assert_eq!(config.shards, 3);
}

#[test]
fn an_unknown_key_in_the_file_is_refused_and_the_likely_one_named() {
    let mut sources = Sources::default();
    let error = sources
        .toml(std::path::Path::new("otto.toml"), "bas_url = \"x\"")
        .expect_err("unknown");
    assert_eq!(
        error.to_string(),
        "otto.toml: \"bas_url\" is not a setting; did you mean `base_url`?"
    );
}

#[test]
fn a_file_that_is_not_toml_is_refused_by_name() {
    let mut sources = Sources::default();
    let error = sources
        .toml(
            std::path::Path::new("otto.toml"),
            "host = \"::1\"\nport: 9000",
        )
        .expect_err("not TOML");
    assert!(
        error.to_string().starts_with("otto.toml: line 2: "),
        "{error}"
    );
}

#[test]
fn settings_of_parts_we_lack_are_named_at_start() {
    let config = parse(&[("RECORDING_KEY", "k"), ("PATH", "/bin")]).expect("ignored");
    let notes = config.notes.join("\n");
    assert!(notes.contains("of no effect in this version: RECORDING_KEY"));
    assert!(!notes.contains("PATH"));
}

#[test]
fn a_calendar_is_opened_by_a_whole_consent_or_a_service_account_and_its_calendar() {
    let none = parse(&[]).expect("valid");
    assert!(none.google.is_none());
    assert!(
        none.notes
            .iter()
            .any(|note| note.contains("GOOGLE_REFRESH_TOKEN"))
    );
    let consent = [
        ("GOOGLE_CLIENT_ID", "id"),
        ("GOOGLE_CLIENT_SECRET", "secret"),
        ("GOOGLE_REFRESH_TOKEN", "1//token"),
    ];
    let google = parse(&consent).expect("valid").google.expect("a calendar");
    assert_eq!(google.calendar_id, "primary");
    assert_eq!(google.token_url, "https://oauth2.googleapis.com/token");
    for left_out in 0..consent.len() {
        let mut half = consent.to_vec();
        let (missing, _) = half.remove(left_out);
        let error = parse(&half).expect_err("half a consent").to_string();
        assert!(
            error.starts_with(&format!("{missing}: not set, but GOOGLE_")),
            "{error}"
        );
    }
    let calendar = [("GOOGLE_CALENDAR_ID", "shop@group.calendar.google.com")];
    let error = parse(&calendar).expect_err("nothing opens it").to_string();
    assert!(
        error.starts_with("GOOGLE_REFRESH_TOKEN: not set"),
        "{error}"
    );
    for (value, problem) in [
        ("/nowhere/key.json", "cannot be read"),
        ("{\"type\":\"authorized_user\"}", "is not the JSON"),
    ] {
        let error = parse(&[("GOOGLE_SERVICE_ACCOUNT", value)])
            .expect_err("no key")
            .to_string();
        assert!(
            error.starts_with("GOOGLE_SERVICE_ACCOUNT (environment): "),
            "{error}"
        );
        assert!(error.contains(problem) && !error.contains(value), "{error}");
    }
    let error = parse(&[("GOOGLE_TOKEN_URL", "token")])
        .expect_err("no address")
        .to_string();
    assert!(
        error.starts_with("GOOGLE_TOKEN_URL (environment): "),
        "{error}"
    );
}

#[test]
fn a_base_url_gives_streams_of_its_own_security() {
    let plain = BaseUrl::parse("http://127.0.0.1:8000/").expect("valid");
    assert_eq!(plain.join_websocket("/s"), "ws://127.0.0.1:8000/s");
    let secure = BaseUrl::parse("https://otto.example").expect("valid");
    assert_eq!(secure.join_websocket("/s"), "wss://otto.example/s");
    assert_eq!(secure.join("/h"), "https://otto.example/h");
}

#[test]
fn a_database_is_a_file_or_a_server_and_its_password_is_never_shown() {
    for (url, shown) in [
        ("sqlite:///var/otto.db", "/var/otto.db"),
        (
            "postgresql+asyncpg://otto:s3cret@db.example/book?ssl=require",
            "postgres://otto@db.example:5432/book",
        ),
    ] {
        let config = parse(&[("DATABASE_URL", url)]).expect(url);
        assert_eq!(config.database.to_string(), shown);
        assert!(!format!("{config:?}").contains("s3cret"), "{config:?}");
    }
    for wrong in [
        "postgres://otto:s3cret@db.example",
        "postgres://otto:s3cret@db.example/book?sslmode=maybe",
        "postgres://db.example/book?password=s3cret&sslmode=maybe",
        "postgres://otto:s3cret@db.example:port/book",
        "mysql://otto:s3cret@db.example/book",
    ] {
        let error = parse(&[("DATABASE_URL", wrong)]).expect_err(wrong);
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}

#[test]
fn a_value_that_is_no_text_is_refused_and_not_passed_over() {
    use std::os::unix::ffi::OsStringExt as _;
    let bytes = std::ffi::OsString::from_vec(vec![b'/', 0xff]);
    let mut sources = Sources::default();
    let refused = sources.environment([("OTTO_DATA_DIR".into(), bytes.clone())]);
    let error = refused.expect_err("not UTF-8").to_string();
    assert!(error.starts_with("OTTO_DATA_DIR (environment)"), "{error}");
    let foreign = sources.environment([("LS_COLORS".into(), bytes)]);
    assert_eq!(foreign, Ok(()), "what is not ours is not our affair");
}

#[test]
fn every_interface_is_no_address_to_connect_to() {
    for (listening, url) in [
        ("0.0.0.0:8000", "http://127.0.0.1:8000"),
        ("[::]:8000", "http://[::1]:8000"),
        ("192.0.2.7:80", "http://192.0.2.7:80"),
    ] {
        let address = listening.parse().expect("an address");
        assert_eq!(BaseUrl::of_listener(address).to_string(), url);
        assert!(BaseUrl::parse(url).is_ok(), "{url}");
    }
}
