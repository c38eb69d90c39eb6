"""The project's folder: settings, code, environment, Git and DVC."""
