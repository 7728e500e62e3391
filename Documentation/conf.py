# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
"""How Sphinx makes the documentation: `make docs`."""

project = "Goya in Rust"
copyright = "The goya-rs authors"
extensions = []
exclude_patterns = ["build"]
html_theme = "alabaster"
html_theme_options = {"description": "A Linux driver and an emulated card for Habana Goya", "page_width": "1100px"}
html_show_sourcelink = False
# Everything works without a network.
html_css_files = []
smartquotes = False
