import '../../../scripts/embed-migrations.mjs'
