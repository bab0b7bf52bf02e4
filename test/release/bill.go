package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"fmt"
	"net/url"
	"runtime/debug"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
)

// bill writes the list of a program's components, in CycloneDX's format: the
// modules that the linker put into it, as the program itself says.
func (r *release) bill(path, program, archive string, binary []byte) error {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read what is in %s: %w", program, err)
	}
	var buf bytes.Buffer
	enc := cyclonedx.NewBOMEncoder(&buf, cyclonedx.BOMFileFormatJSON)
	if err := enc.SetPretty(true).Encode(r.components(info, program, binary)); err != nil {
		return fmt.Errorf("list what is in %s: %w", program, err)
	}
	return r.write(fmt.Sprintf("%s.%s.cdx.json", archive, program), buf.Bytes())
}

func (r *release) components(info *debug.BuildInfo, program string, binary []byte) *cyclonedx.BOM {
	sum := sha256.Sum256(binary)
	self := "pkg:golang/" + info.Main.Path + "@" + r.version + "#cmd/" + program
	components := []cyclonedx.Component{{
		BOMRef: "pkg:golang/std@" + info.GoVersion, PackageURL: "pkg:golang/std@" + info.GoVersion,
		Type: cyclonedx.ComponentTypeLibrary, Name: "std", Version: info.GoVersion,
	}}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		purl := "pkg:golang/" + m.Path + "@" + url.PathEscape(m.Version)
		components = append(components, cyclonedx.Component{
			BOMRef: purl, PackageURL: purl, Type: cyclonedx.ComponentTypeLibrary, Name: m.Path, Version: m.Version,
			Properties: &[]cyclonedx.Property{{Name: "go:sum", Value: m.Sum}},
		})
	}
	refs := make([]string, len(components))
	for i := range components {
		refs[i] = components[i].BOMRef
	}
	bom := cyclonedx.NewBOM()
	bom.Metadata = &cyclonedx.Metadata{
		Timestamp: r.time.Format(time.RFC3339),
		Component: &cyclonedx.Component{
			BOMRef: self, PackageURL: self, Type: cyclonedx.ComponentTypeApplication, Name: program, Version: r.version,
			Hashes:   &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: hex.EncodeToString(sum[:])}},
			Licenses: &cyclonedx.Licenses{{License: &cyclonedx.License{ID: "Apache-2.0"}}},
		},
	}
	bom.Components = &components
	bom.Dependencies = &[]cyclonedx.Dependency{{Ref: self, Dependencies: &refs}}
	return bom
}
