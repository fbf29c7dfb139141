//! The two trees: a country with its facilities, and a group of clinics with their stations.

use std::ops::Range;

use chrono::{NaiveDate, NaiveTime};

use super::{
    calendar::Calendar,
    copy::Loader,
    names,
    random::{Kind, Stream, one_of, stream, uid},
    volume::Volume,
};
use crate::{Result, schema::organisationunit};

/// One unit.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) id: i64,
    pub(super) uid: String,
    pub(super) name: String,
    pub(super) path: String,
    code: String,
    parent: Option<i64>,
    level: usize,
    opening: NaiveDate,
}

/// All units, those of a level side by side, parents before children.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) units: Vec<Unit>,
    pub(super) country: usize,
    pub(super) provinces: Range<usize>,
    pub(super) districts: Range<usize>,
    pub(super) facilities: Range<usize>,
    pub(super) group: usize,
    pub(super) clinics: Range<usize>,
    pub(super) stations: Range<usize>,
}

impl Tree {
    /// The facility with exactly three events of the dominant program.
    pub(super) fn sparse_facility(&self) -> usize {
        self.facilities.end - 1
    }

    /// Facilities without any event.
    pub(super) fn quiet_facilities(&self) -> Range<usize> {
        let quiet = 1 + self.facilities.len() / 50;
        self.facilities.end - 1 - quiet..self.facilities.end - 1
    }

    /// All other facilities.
    pub(super) fn busy_facilities(&self) -> Range<usize> {
        self.facilities.start..self.quiet_facilities().start
    }
}

const FACILITY_KINDS: [&str; 6] = [
    "Health Centre",
    "Health Post",
    "Clinic",
    "Health Centre",
    "Health Post",
    "Mission Hospital",
];

/// Plans the units; `first_id` is the key of the first.
pub(super) fn plan(volume: &Volume, seed: u64, calendar: &Calendar, first_id: i64) -> Tree {
    let mut builder = Builder {
        tree: Tree::default(),
        first_id,
        opening: calendar.first - chrono::Months::new(240),
    };
    builder.country(volume.facilities as usize, seed);
    builder.group();
    builder.tree
}

struct Builder {
    tree: Tree,
    first_id: i64,
    opening: NaiveDate,
}

impl Builder {
    fn country(&mut self, facilities: usize, seed: u64) {
        let mut random = stream(seed, Stream::OrgUnits);
        let districts = (facilities / 12).max(3);
        let provinces = (districts / 10).max(2);
        self.tree.country = self.add(None, "Nyaronga".to_owned(), "NY".to_owned());
        self.tree.provinces = self.level(provinces, |place| {
            (
                0,
                format!("{} Province", names::place(place)),
                format!("NY_P{:02}", place + 1),
            )
        });
        let first = self.tree.provinces.start;
        self.tree.districts = self.level(districts, |place| {
            let parent = first + place * provinces / districts;
            let name = format!("{} District", names::place(100 + place));
            (parent, name, format!("NY_D{:03}", place + 1))
        });
        let first = self.tree.districts.start;
        self.tree.facilities = self.level(facilities, |place| {
            let parent = first + place * districts / facilities;
            let is_first = place == 0 || parent != first + (place - 1) * districts / facilities;
            let kind = match is_first {
                true => "District Hospital",
                false => one_of(&FACILITY_KINDS, &mut random),
            };
            let name = format!("{} {kind}", names::place(500 + place));
            (parent, name, format!("NY_F{:04}", place + 1))
        });
    }

    fn group(&mut self) {
        self.tree.group = self.add(None, "Klinikverbund Nordheide".to_owned(), "KNH".to_owned());
        let group = self.tree.group;
        self.tree.clinics = self.level(names::CLINICS.len(), |place| {
            (
                group,
                names::CLINICS[place].0.to_owned(),
                format!("KNH_{}", place + 1),
            )
        });
        let first = self.tree.clinics.start;
        let wards = names::WARDS.len();
        self.tree.stations = self.level(names::CLINICS.len() * wards, |place| {
            let (clinic, ward) = (place / wards, place % wards);
            let name = format!("{} {}", names::WARDS[ward].0, names::CLINICS[clinic].1);
            (
                first + clinic,
                name,
                format!("KNH_{}_{:02}", clinic + 1, ward + 1),
            )
        });
    }

    /// Adds the units of a level; `describe` tells the parent's place, the name and the code of each.
    fn level(
        &mut self,
        count: usize,
        mut describe: impl FnMut(usize) -> (usize, String, String),
    ) -> Range<usize> {
        let start = self.tree.units.len();
        for place in 0..count {
            let (parent, name, code) = describe(place);
            self.add(Some(parent), name, code);
        }
        start..start + count
    }

    fn add(&mut self, parent: Option<usize>, name: String, code: String) -> usize {
        let place = self.tree.units.len();
        let uid = uid(Kind::OrganisationUnit, place as u64);
        let above = parent.map(|parent| &self.tree.units[parent]);
        let unit = Unit {
            id: self.first_id + place as i64,
            path: format!("{}/{uid}", above.map_or("", |above| &above.path)),
            parent: above.map(|above| above.id),
            level: above.map_or(1, |above| above.level + 1),
            opening: self.opening,
            uid,
            name,
            code,
        };
        self.tree.units.push(unit);
        place
    }
}

/// Writes the units.
pub(super) fn load(loader: &mut Loader<'_>, tree: &Tree, calendar: &Calendar) -> Result<()> {
    use organisationunit as t;
    let columns = (
        t::organisationunitid,
        t::uid,
        t::code,
        t::name,
        t::shortname,
        t::parentid,
        t::path,
        t::hierarchylevel,
        t::openingdate,
        t::created,
        t::lastupdated,
    );
    let created = calendar.first.and_time(NaiveTime::MIN);
    loader.copy("organisation units", t::table, columns, |rows| {
        for unit in &tree.units {
            rows.field(unit.id).field(&unit.uid).field(&unit.code);
            rows.text(&unit.name).text(&unit.name).optional(unit.parent);
            rows.field(&unit.path).field(unit.level).field(unit.opening);
            rows.field(created).field(created).end()?;
        }
        Ok(())
    })
}
