// compose-check loads compose files as docker compose v2 does, with the very library that it parses them with, and prints the
// project that results, as JSON: merged, interpolated from the environment, unknown keys refused. It needs no Docker engine.
//
//	compose-check [-env-file FILE] docker-compose.yml [override.yml ...]
//
// Only what is named is read: a .env that happens to lie in the folder is not.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	envFile := flag.String("env-file", "", "variables, beside those of the environment")
	flag.Parse()
	if err := check(flag.Args(), *envFile); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(files []string, envFile string) error {
	options := []cli.ProjectOptionsFn{cli.WithOsEnv, cli.WithProfiles([]string{"*"})}
	if envFile != "" {
		options = append(options, cli.WithEnvFiles(envFile), cli.WithDotEnv)
	}
	loader, err := cli.NewProjectOptions(files, options...)
	if err != nil {
		return err
	}
	project, err := loader.LoadProject(context.Background())
	if err != nil {
		return err
	}
	text, err := project.MarshalJSON()
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(append(text, '\n'))
	return err
}
