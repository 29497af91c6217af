"""An event never changes, but for the numbers that the sequencer gives it once, and is never deleted."""

from django.db import migrations

GUARD = """
CREATE FUNCTION core_event_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.seq IS NULL AND OLD.position IS NULL THEN
        -- Whole rows are compared, which costs half of comparing them as JSON.
        OLD.seq := NEW.seq;
        OLD.position := NEW.position;
        IF OLD IS NOT DISTINCT FROM NEW THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'The event log is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER core_event_guard BEFORE UPDATE OR DELETE ON core_event
    FOR EACH ROW EXECUTE FUNCTION core_event_guard();
"""
UNDO = "DROP TRIGGER core_event_guard ON core_event; DROP FUNCTION core_event_guard();"


class Migration(migrations.Migration):
    dependencies = [("core", "0002_initial")]
    operations = [migrations.RunSQL(GUARD, UNDO)]
