-- The table access method of item tables.
CREATE FUNCTION dynapg.tableam_handler(internal) RETURNS table_am_handler
	AS 'MODULE_PATHNAME', 'dynapg_tableam_handler' LANGUAGE C STRICT;
COMMENT ON FUNCTION dynapg.tableam_handler(internal) IS 'handler of table access method dynapg';

CREATE ACCESS METHOD dynapg TYPE TABLE HANDLER dynapg.tableam_handler;
COMMENT ON ACCESS METHOD dynapg IS 'DynamoDB items on heap storage';
