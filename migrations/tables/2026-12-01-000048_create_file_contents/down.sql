DROP TABLE fileresourcecontent;
COMMENT ON COLUMN fileresource.storagekey IS 'Where the file store keeps the content.';
COMMENT ON COLUMN fileresource.isassigned IS 'Whether a value names the file; others are removed by DHIS2 after a while.';
COMMENT ON COLUMN fileresource.fileresourceowner IS 'Identifier of the object that the file belongs to; null for none.';
