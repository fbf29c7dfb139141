CREATE TABLE fileresourcecontent (
    fileresourceid bigint not null references fileresource on delete cascade,
    dimension text not null check (dimension IN ('ORIGINAL', 'SMALL', 'MEDIUM', 'LARGE')),
    content bytea not null check (octet_length(content) > 0),
    primary key (fileresourceid, dimension)
);
-- Files are compressed already for the most part, and a part of one that is not can be read by itself.
ALTER TABLE fileresourcecontent ALTER COLUMN content SET STORAGE EXTERNAL;
COMMENT ON TABLE fileresourcecontent IS 'Contents of files. A file without a row here has been named, but its content is not here.';
COMMENT ON COLUMN fileresourcecontent.fileresourceid IS 'File.';
COMMENT ON COLUMN fileresourcecontent.dimension IS 'ORIGINAL as it was sent; SMALL, MEDIUM and LARGE are copies of a picture that are 256, 512 and 1024 pixels wide, kept where the picture is wider.';
COMMENT ON COLUMN fileresourcecontent.content IS 'The bytes.';
COMMENT ON COLUMN fileresource.storagekey IS 'Where DHIS2 keeps the content; here the content is in fileresourcecontent.';
COMMENT ON COLUMN fileresource.isassigned IS 'Whether a value names the file; others are removed by clinigraph remove-files after a while.';
COMMENT ON COLUMN fileresource.fileresourceowner IS 'Identifier of the event or tracked entity whose value names the file, or did so last; null for none.';
