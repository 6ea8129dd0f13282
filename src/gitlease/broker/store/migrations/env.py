"""Run migrations on the connection that `migrating.py` hands over, in its transaction."""

from alembic import context

from gitlease.broker.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
