//! The languages of a location, and what it calls its services and holidays in each.
//!
//! The file itself is written in English. `[spoken.es]` has what is said differently in Spanish, and
//! is needed where Spanish is one of the location's languages.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;

use super::file::wrong;
use super::{LocationError, Service};
use crate::language::Language;

/// What is spoken at a location.
#[derive(Clone, Debug)]
pub struct Spoken {
    /// At least one; calls begin in the first.
    languages: Vec<Language>,
    translations: BTreeMap<Language, Translation>,
    /// The voices that the agent has where voices are bought.
    pub voices: BTreeMap<Language, String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Translation {
    /// By the keys of services: how the agent says it, then how callers do.
    #[serde(default)]
    services: BTreeMap<String, Vec<String>>,
    /// By the names of holidays, with their article.
    #[serde(default)]
    holidays: BTreeMap<String, String>,
}

/// One voice for the first language, or several by language.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Voice {
    One(String),
    Several(BTreeMap<Language, String>),
}

impl Spoken {
    /// The language that a call begins in, and of whoever has not said otherwise.
    #[must_use]
    pub fn first(&self) -> Language {
        self.languages.first().copied().unwrap_or_default()
    }

    /// All of them, the first one first.
    #[must_use]
    pub fn languages(&self) -> &[Language] {
        &self.languages
    }

    /// Whether callers are understood in this language.
    #[must_use]
    pub fn has(&self, language: Language) -> bool {
        self.languages.contains(&language)
    }

    /// How the agent says a service.
    #[must_use]
    pub fn service<'a>(&'a self, service: &'a Service, language: Language) -> &'a str {
        let names = self.names(service, language);
        names.first().map_or(&service.name, String::as_str)
    }

    /// How callers say a service in a language other than English; empty in English.
    #[must_use]
    pub fn names(&self, service: &Service, language: Language) -> &[String] {
        let translation = self.translations.get(&language);
        let names = translation.and_then(|spoken| spoken.services.get(&service.key));
        names.map_or(&[], Vec::as_slice)
    }

    /// A holiday by its name in the file.
    #[must_use]
    pub fn holiday<'a>(&'a self, name: &'a str, language: Language) -> &'a str {
        let translation = self.translations.get(&language);
        let said = translation.and_then(|spoken| spoken.holidays.get(name));
        said.map_or(name, String::as_str)
    }

    /// Only these languages are spoken, and the first of them first; those without words are left out.
    #[must_use]
    pub fn only(self, languages: &[Language]) -> Self {
        let known = |language: &Language| self.has(*language);
        Self {
            languages: languages.iter().copied().filter(known).collect(),
            ..self
        }
    }
}

/// Checks that every language has words for everything that is said in it.
pub(super) fn checked(
    languages: Vec<Language>,
    translations: BTreeMap<Language, Translation>,
    voice: Option<Voice>,
    services: &[Service],
    holidays: &BTreeMap<jiff::civil::Date, String>,
) -> Result<Spoken, LocationError> {
    let Some(first) = languages.first().copied() else {
        return Err(wrong("languages", "at least one must be spoken"));
    };
    let mut seen = HashSet::new();
    if !languages.iter().all(|language| seen.insert(*language)) {
        return Err(wrong("languages", "one of them stands there twice"));
    }
    for language in &languages {
        if *language != Language::English {
            let words = translations.get(language).cloned().unwrap_or_default();
            whole(*language, &words, services, holidays)?;
        }
    }
    let voices = match voice {
        None => BTreeMap::new(),
        Some(Voice::One(voice)) => BTreeMap::from([(first, voice)]),
        Some(Voice::Several(voices)) => voices,
    };
    for (language, voice) in &voices {
        if voice.is_empty() || !voice.bytes().all(|byte| byte.is_ascii_graphic()) {
            let problem = "holds a space or a character that none has, or nothing";
            let key = format!("voice.{}", language.code());
            return Err(wrong(key, format!("{voice:?} {problem}")));
        }
        if !languages.contains(language) {
            let key = format!("voice.{}", language.code());
            return Err(wrong(
                key,
                "is of a language that `languages` does not name",
            ));
        }
    }
    Ok(Spoken {
        languages,
        translations,
        voices,
    })
}

fn whole(
    language: Language,
    words: &Translation,
    services: &[Service],
    holidays: &BTreeMap<jiff::civil::Date, String>,
) -> Result<(), LocationError> {
    let at = |what: &str, key: &str| format!("spoken.{}.{what}.{key}", language.code());
    let said = |names: Option<&Vec<String>>| {
        names.is_some_and(|names| {
            !names.is_empty() && names.iter().all(|name| !name.trim().is_empty())
        })
    };
    for service in services {
        if !said(words.services.get(&service.key)) {
            return Err(wrong(
                at("services", &service.key),
                "must have a name: `languages` says that it is spoken of in this language",
            ));
        }
    }
    let offered = |key: &&String| services.iter().any(|service| service.key == **key);
    if let Some(unknown) = words.services.keys().find(|key| !offered(key)) {
        return Err(wrong(at("services", unknown), "is no service of the file"));
    }
    if let Some(name) = holidays.values().find(|name| {
        words
            .holidays
            .get(*name)
            .is_none_or(|said| said.trim().is_empty())
    }) {
        return Err(wrong(
            at("holidays", &format!("{name:?}")),
            "must be named: `languages` says that it is spoken of in this language",
        ));
    }
    Ok(())
}
