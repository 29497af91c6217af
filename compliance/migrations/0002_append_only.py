"""An audit entry never changes and is never deleted."""

from django.db import migrations

GUARD = """
CREATE FUNCTION compliance_audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit chain is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER compliance_audit_guard BEFORE UPDATE OR DELETE ON compliance_auditentry
    FOR EACH ROW EXECUTE FUNCTION compliance_audit_guard();
CREATE TRIGGER compliance_audit_is_kept BEFORE TRUNCATE ON compliance_auditentry
    FOR EACH STATEMENT WHEN (current_setting('rupai.truncate', true) IS DISTINCT FROM 'allowed')
    EXECUTE FUNCTION compliance_audit_guard();
"""
UNDO = """
DROP TRIGGER compliance_audit_is_kept ON compliance_auditentry;
DROP TRIGGER compliance_audit_guard ON compliance_auditentry;
DROP FUNCTION compliance_audit_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("compliance", "0001_initial")]
    operations = [migrations.RunSQL(GUARD, UNDO)]
