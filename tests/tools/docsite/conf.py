# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How Sphinx makes the documentation site, see tests/tools/steps/docs."""

project = "glusterfs.data_protection"
html_title = "Gluster data protection"
html_theme = "sphinx_ansible_theme"
html_copy_source = False
html_show_sphinx = False
html_use_index = False

extensions = ["sphinx_antsibull_ext"]
pygments_style = "ansible"
highlight_language = "YAML+Jinja"
default_role = "any"

# Every reference must lead somewhere, except those to Ansible's own site: what its pages hold is known
# only to who can fetch their list, and this is built without a network.
nitpicky = True
nitpick_ignore_regex = [
    (r"std:ref", r"ansible_collections\.ansible\.builtin\..*"),
    (r"std:ref", r"(ansible_configuration_settings|common_return_values)"),
    (r"envvar", r"ANSIBLE_.*"),
]
