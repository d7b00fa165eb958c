//! The locations that one program answers for: one, or several that share their customers.
//!
//! What callers dialled decides which of them answers. A booking belongs to one of them, by its key.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::file::wrong;
use super::{LoadError, Location, LocationError};
use crate::customer::Phone;
use crate::language::Language;

/// At least one; keys, names and numbers are unique. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Locations(Arc<[Arc<Location>]>);

impl From<Location> for Locations {
    fn from(only: Location) -> Self {
        Self(Arc::new([Arc::new(only)]))
    }
}

impl From<Arc<Location>> for Locations {
    fn from(only: Arc<Location>) -> Self {
        Self(Arc::new([only]))
    }
}

impl Locations {
    /// Of these, the first of which answers where nothing says which.
    ///
    /// # Errors
    /// [`LocationError`] names the key whose value two of them share.
    ///
    /// # Panics
    /// Where there is none.
    pub fn several(locations: Vec<Location>) -> Result<Self, LocationError> {
        assert!(!locations.is_empty(), "at least one location answers");
        for (i, location) in locations.iter().enumerate() {
            if let Some(why) = locations[..i]
                .iter()
                .find_map(|other| clash(location, other))
            {
                return Err(why);
            }
        }
        Ok(Self(locations.into_iter().map(Arc::new).collect()))
    }

    /// Reads and checks a location file, or each `*.toml` of a folder, in the order of their names.
    ///
    /// # Errors
    /// [`LoadError`] names the file, and the key that is wrong.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        if !path.is_dir() {
            return Location::load(path).map(Self::from);
        }
        let mut files = files(path)?;
        files.sort();
        let mut loaded: Vec<(PathBuf, Arc<Location>)> = Vec::with_capacity(files.len());
        for file in files {
            let location = Location::load(&file)?;
            if let Some(why) = loaded.iter().find_map(|(_, other)| clash(&location, other)) {
                return Err(LoadError::Invalid { path: file, why });
            }
            loaded.push((file, Arc::new(location)));
        }
        if loaded.is_empty() {
            return Err(LoadError::NoFiles {
                path: path.to_owned(),
            });
        }
        Ok(Self(
            loaded.into_iter().map(|(_, location)| location).collect(),
        ))
    }

    /// Who answers where nothing says which of them it is: the first.
    #[must_use]
    pub fn first(&self) -> &Arc<Location> {
        self.0.first().expect("invariant: there is at least one")
    }

    /// Whom a caller gets who dialled this number: the location that has it, else the first.
    #[must_use]
    pub fn dialled(&self, number: Option<&Phone>) -> &Arc<Location> {
        let has = |location: &&Arc<Location>| Some(&location.phone) == number;
        self.0.iter().find(has).unwrap_or_else(|| self.first())
    }

    #[must_use]
    pub fn by_key(&self, key: &str) -> Option<&Arc<Location>> {
        self.0.iter().find(|location| location.key == key)
    }

    /// Where a booking with this location is. One that no file describes any more is the first's.
    #[must_use]
    pub fn of(&self, key: &str) -> &Arc<Location> {
        self.by_key(key).unwrap_or_else(|| self.first())
    }

    /// The others than this one.
    pub fn beside<'a>(&'a self, here: &'a Location) -> impl Iterator<Item = &'a Arc<Location>> {
        self.iter().filter(|location| location.key != here.key)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<Location>> {
        self.0.iter()
    }

    /// The same ones, speaking only these languages.
    #[must_use]
    pub fn speaking(&self, languages: &[Language]) -> Self {
        let each = self.iter().map(|location| {
            let mut location = Location::clone(location);
            let kept = location.spoken.languages().iter().copied();
            let kept: Vec<Language> = kept.filter(|kept| languages.contains(kept)).collect();
            location.spoken = location.spoken.only(&kept);
            Arc::new(location)
        });
        Self(each.collect())
    }

    /// Whether callers may choose among several.
    #[must_use]
    pub fn are_several(&self) -> bool {
        self.0.len() > 1
    }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let unreadable = |why| LoadError::Unreadable {
        path: folder.to_owned(),
        why,
    };
    let mut files = Vec::new();
    for entry in folder.read_dir().map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|kind| kind == "toml") {
            files.push(path);
        }
    }
    Ok(files)
}

/// What two locations may not share.
fn clash(location: &Location, other: &Location) -> Option<LocationError> {
    let taken = |key: &str, value: &str| {
        let problem = format!(
            "{value:?} is {}'s already; each location has its own",
            other.name
        );
        Some(wrong(key, problem))
    };
    if location.key == other.key {
        return taken("key", &location.key);
    }
    if location.name == other.name {
        return taken("name", &location.name);
    }
    if location.phone == other.phone {
        return taken("phone", location.phone.as_str());
    }
    let called = location
        .called
        .iter()
        .find(|name| other.called.contains(name));
    called.and_then(|name| taken("called", name))
}
