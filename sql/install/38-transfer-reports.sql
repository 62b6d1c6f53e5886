-- What transfers have to say of single items: the first 10,000 errors of an import; of a bulk put what is to go into its output bucket and is not
-- there yet, and the objects that are.  Goes with the transfer.
CREATE TABLE dynapg.transfer_reports (
	transfer text COLLATE "C" NOT NULL,
	number bigint GENERATED ALWAYS AS IDENTITY,
	kind text COLLATE "C" NOT NULL CHECK (kind IN ('ERROR', 'CONDITION_CHECK_FAILURE', 'OBJECT')),
	part integer NOT NULL,
	item_index bigint NOT NULL,
	message text NOT NULL,
	line text,
	PRIMARY KEY (transfer, kind, number)
);
COMMENT ON TABLE dynapg.transfer_reports IS 'items that imports and bulk puts could not read or write; see dynapg.import_errors';
COMMENT ON COLUMN dynapg.transfer_reports.transfer IS 'the id of the transfer; its reports are deleted with it';
COMMENT ON COLUMN dynapg.transfer_reports.part IS 'the object, of dynapg.transfer_parts';
COMMENT ON COLUMN dynapg.transfer_reports.item_index IS 'which item of the object, from 0';
COMMENT ON COLUMN dynapg.transfer_reports.line IS 'what an object in the output bucket says of it';
REVOKE ALL ON dynapg.transfer_reports FROM PUBLIC;

-- Whoever has the privileges of the role that asked for the import; the others do not see that there are any.
CREATE VIEW dynapg.import_errors WITH (security_barrier) AS
	SELECT t.id AS import, t.table_name, t.request #>> '{S3BucketSource,S3Bucket}' AS bucket, p.name AS key, r.item_index, r.message
	FROM dynapg.transfer_reports r
		JOIN dynapg.transfers t ON t.id = r.transfer
		JOIN dynapg.transfer_parts p ON p.transfer = r.transfer AND p.part = r.part
	WHERE t.kind = 'IMPORT' AND r.kind = 'ERROR' AND pg_catalog.pg_has_role(t.owner, 'USAGE');
COMMENT ON VIEW dynapg.import_errors IS 'items that one''s own imports could not read or write, the first 10,000 of each';
COMMENT ON COLUMN dynapg.import_errors.import IS 'the end of the ImportArn';
COMMENT ON COLUMN dynapg.import_errors.key IS 'the object''s';
COMMENT ON COLUMN dynapg.import_errors.item_index IS 'which item of the object, from 0';
COMMENT ON COLUMN dynapg.import_errors.message IS 'what PutItem would have said, or why the rest of the object could not be read';
GRANT SELECT ON dynapg.import_errors TO PUBLIC;
