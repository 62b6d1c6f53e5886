--
-- Access policies in IAM's language, given as texts.
--

CREATE FUNCTION dynapg.simulate_custom_policy(policies text[], action text, resource text DEFAULT '*', context jsonb DEFAULT '{}',
		resource_policy text DEFAULT NULL, boundary text DEFAULT NULL, session_policy text DEFAULT NULL, granted boolean DEFAULT false,
		OUT decision text, OUT side text, OUT policy text, OUT statement integer, OUT sid text, OUT refusal text)
	AS 'MODULE_PATHNAME', 'dynapg_simulate_custom_policy'
	LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION dynapg.simulate_custom_policy(text[], text, text, jsonb, text, text, text, boolean) IS
	'what access policies say to a request: allowed, explicitDeny or implicitDeny, by which side, policy and statement, and the refusal''s text';
