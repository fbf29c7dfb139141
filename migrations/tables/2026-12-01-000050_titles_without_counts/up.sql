-- Which display is the most frequent of a code is counted anew only where it may have changed, so that the count itself
-- would not stay true.
ALTER TABLE icd10_titles DROP COLUMN occurrences;
