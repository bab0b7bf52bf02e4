// Command kubectl is kubectl as its library has it, with the kustomize that is
// built into it. The tests apply the manifests by it, as users do.
package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"
)

func main() { os.Exit(cli.Run(cmd.NewDefaultKubectlCommand())) }
