//! The rules of Clinigraph, without any I/O: no SQL, no GraphQL, no clock, no environment.
//!
//! Read in this order: [`uid`] and [`org_unit`] name things and places; [`event`], [`access`] and [`page`]
//! say which events a person sees and how lists are paged; [`file`](mod@file) says which files are kept; [`rule`] are the rules that
//! a country gives its programs; [`stay`], [`icd10`], [`columns`] and [`suppression`] carry the rules of clinic analytics.

pub mod access;
pub mod authority;
pub mod columns;
pub mod duration;
pub mod event;
pub mod expiry;
pub mod file;
pub mod icd10;
pub mod id_scheme;
pub mod moment;
pub mod month;
pub mod org_unit;
pub mod page;
pub mod rule;
pub mod stay;
pub mod suppression;
pub mod uid;
