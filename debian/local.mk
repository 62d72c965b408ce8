# SPDX-License-Identifier: MIT
# What makes Debian packages of a release archive; see dpkg-buildpackage(1).
EXTRA_DIST += debian/changelog debian/control debian/copyright debian/rules debian/not-installed \
	debian/source/format debian/source/options \
	debian/libportres.install debian/libportres.lintian-overrides debian/libportres.triggers \
	debian/libportres-winsock0.install \
	debian/libportres-dev.install debian/libportres-dev.examples \
	debian/portres.install debian/portres.docs debian/portres.prerm debian/portres.postrm
