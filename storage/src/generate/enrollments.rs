//! Tracked entities, their enrolments and the units that own them: planned in memory, then written.

use std::collections::HashMap;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{
    Plan,
    calendar::{Calendar, Rhythm},
    programs::{Metadata, Program},
    random::{Stream, Weighted, one_of, stream},
    single_events::facility_choice,
    volume::Volume,
};

const RHYTHM: Rhythm = Rhythm {
    growth: 2.5,
    weekend: [0.3, 0.1],
};

/// A tracked entity.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entity {
    /// Place of the facility that registered it.
    pub(super) facility: u32,
    pub(super) day: u16,
    pub(super) is_woman: bool,
}

/// Who owns an entity within a program.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ownership {
    pub(super) entity: u32,
    pub(super) program: u8,
    /// Facility of the first enrolment.
    pub(super) first: u32,
    pub(super) since: u16,
    /// Facility and day of a transfer.
    pub(super) transfer: Option<(u32, u16)>,
}

impl Ownership {
    /// Place of the facility that owns the entity today.
    pub(super) fn owner(&self) -> u32 {
        self.transfer.map_or(self.first, |(facility, _)| facility)
    }

    /// Place of the facility that owned the entity on a day.
    pub(super) fn owner_on(&self, day: u16) -> u32 {
        match self.transfer {
            Some((facility, since)) if since <= day => facility,
            _ => self.first,
        }
    }
}

/// An enrolment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Enrollment {
    /// Place of its ownership, which names entity and program.
    pub(super) ownership: u32,
    pub(super) day: u16,
    /// How many events it has, at least one.
    pub(super) events: u16,
    /// Day of completion.
    pub(super) completed: Option<u16>,
}

/// All of them, in the order of their days.
#[derive(Debug, Default)]
pub(super) struct Register {
    pub(super) entities: Vec<Entity>,
    pub(super) ownerships: Vec<Ownership>,
    pub(super) enrollments: Vec<Enrollment>,
}

impl Register {
    /// Program and ownership of an enrolment.
    pub(super) fn of<'a>(
        &self,
        enrollment: &Enrollment,
        plan: &'a Plan,
    ) -> (&'a Program, Ownership) {
        let ownership = self.ownerships[enrollment.ownership as usize];
        (
            &plan.metadata.tracker_programs[usize::from(ownership.program)],
            ownership,
        )
    }
}

/// Plans enrolments until they hold exactly the events asked for.
pub(super) fn plan(
    volume: &Volume,
    seed: u64,
    calendar: &Calendar,
    metadata: &Metadata,
) -> Register {
    let mut planner = Planner {
        calendar,
        programs: &metadata.tracker_programs,
        facilities: metadata
            .tracker_programs
            .iter()
            .map(facility_choice)
            .collect(),
        random: stream(seed, Stream::Enrollments),
        known: HashMap::new(),
        register: Register::default(),
    };
    let sizes = planner.sizes(volume.tracker_events);
    let mut sizes = sizes.iter();
    for (day, count) in (0..).zip(calendar.allocate(sizes.len() as u64, RHYTHM)) {
        for &(program, events) in sizes.by_ref().take(count as usize) {
            planner.enroll(day, program, events);
        }
    }
    planner.register
}

struct Planner<'a> {
    calendar: &'a Calendar,
    programs: &'a [Program],
    facilities: Vec<Weighted>,
    random: ChaCha8Rng,
    /// Place of the ownership of an entity in a program.
    known: HashMap<(u32, u8), u32>,
    register: Register,
}

impl Planner<'_> {
    /// Program and number of events of each enrolment.
    fn sizes(&mut self, events: u64) -> Vec<(u8, u16)> {
        let choice = Weighted::new(self.programs.iter().map(|program| program.described.share));
        let mut sizes = Vec::new();
        let mut rest = events;
        while rest > 0 {
            let program = choice.pick(&mut self.random);
            let most = 2 + 4 * (self.programs[program].stages.len() as u64 - 1);
            let size = self.random.random_range(1..=most).min(rest);
            sizes.push((program as u8, size as u16));
            rest -= size;
        }
        sizes
    }

    fn enroll(&mut self, day: u16, program: u8, events: u16) {
        let entity = self.entity(day, program);
        let ownership = match self.known.get(&(entity, program)) {
            Some(&ownership) => ownership,
            None => self.own(entity, program, day),
        };
        let length = self.random.random_range(120..300_u16);
        let is_completed = day + length < self.calendar.days() && self.random.random_bool(0.9);
        let completed = is_completed.then_some(day + length);
        self.register.enrollments.push(Enrollment {
            ownership,
            day,
            events,
            completed,
        });
    }

    /// An entity that is known, or a new one.
    fn entity(&mut self, day: u16, program: u8) -> u32 {
        let women_only = self.programs[usize::from(program)].described.women_only;
        let count = self.register.entities.len() as u32;
        if count > 0 && self.random.random_bool(0.12) {
            let known = self.random.random_range(0..count);
            if !women_only || self.register.entities[known as usize].is_woman {
                return known;
            }
        }
        let facility = self.facility(program);
        let is_woman = women_only || self.random.random_bool(0.5);
        self.register.entities.push(Entity {
            facility,
            day,
            is_woman,
        });
        count
    }

    fn facility(&mut self, program: u8) -> u32 {
        let program = usize::from(program);
        let rank = self.facilities[program].pick(&mut self.random);
        self.programs[program].facilities[rank] as u32
    }

    fn own(&mut self, entity: u32, program: u8, day: u16) -> u32 {
        let place = self.register.ownerships.len() as u32;
        let registered = self.register.entities[entity as usize];
        let first = match registered.day == day {
            true => registered.facility,
            false => self.facility(program),
        };
        let transfer = self.random.random_bool(0.085).then(|| {
            let to = *one_of(
                &self.programs[usize::from(program)].facilities,
                &mut self.random,
            ) as u32;
            (to, day + self.random.random_range(5..90_u16))
        });
        let transfer = transfer.filter(|&(to, since)| to != first && since < self.calendar.days());
        self.register.ownerships.push(Ownership {
            entity,
            program,
            first,
            since: day,
            transfer,
        });
        self.known.insert((entity, program), place);
        place
    }
}
