// Package test checks the manifests of deploy/kubernetes: kustomize builds them, and each decodes strictly into the type of
// k8s.io/api that it names. It is a module of its own, so that phoneprov does not depend on Kubernetes.
package test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// base is what kustomize makes of deploy/kubernetes.
type base struct {
	deployment appsv1.Deployment
	service    corev1.Service
	claim      corev1.PersistentVolumeClaim
}

func build(t *testing.T) (b base) {
	t.Helper()
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), "..")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]any{"Deployment": &b.deployment, "Service": &b.service, "PersistentVolumeClaim": &b.claim}
	for _, r := range resources.Resources() {
		text, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		into := kinds[r.GetKind()]
		if into == nil {
			t.Fatalf("%s/%s: there is no type for it here, or there are two", r.GetKind(), r.GetName())
		}
		delete(kinds, r.GetKind())
		if err := yaml.UnmarshalStrict(text, into); err != nil {
			t.Errorf("%s/%s: %v", r.GetKind(), r.GetName(), err)
		}
	}
	if len(kinds) > 0 {
		t.Fatalf("kustomize built nothing of %v", kinds)
	}
	return b
}

// Each file decodes strictly: a misspelt field is an error, which Kubernetes would ignore.
func TestFilesAreStrict(t *testing.T) {
	t.Parallel()
	for name, into := range map[string]any{"deployment.yaml": new(appsv1.Deployment), "service.yaml": new(corev1.Service), "state.yaml": new(corev1.PersistentVolumeClaim)} {
		text, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.UnmarshalStrict(text, into); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		wrong := regexp.MustCompile(`(?m)^  name:`).ReplaceAll(text, []byte("  nam:"))
		if yaml.UnmarshalStrict(wrong, into) == nil {
			t.Errorf("%s: a misspelt field is no error", name)
		}
	}
}

func TestContainers(t *testing.T) {
	t.Parallel()
	b := build(t)
	pod := b.deployment.Spec.Template.Spec
	if len(pod.Containers) != 2 || *b.deployment.Spec.Replicas != 1 || !*pod.SecurityContext.RunAsNonRoot || *pod.AutomountServiceAccountToken {
		t.Fatalf("got %+v", pod)
	}
	for _, c := range pod.Containers {
		s := c.SecurityContext
		if c.StartupProbe == nil || c.LivenessProbe == nil || c.Resources.Limits.Memory().IsZero() || c.Resources.Requests.Memory().IsZero() {
			t.Errorf("%s has no probes or no limits", c.Name)
		}
		if *s.RunAsUser == 0 || *s.AllowPrivilegeEscalation || !slices.Equal(s.Capabilities.Drop, []corev1.Capability{"ALL"}) {
			t.Errorf("%s: got %+v", c.Name, s)
		}
	}
	phoneprov := pod.Containers[0]
	if !*phoneprov.SecurityContext.ReadOnlyRootFilesystem || phoneprov.ReadinessProbe == nil {
		t.Errorf("got %+v", phoneprov)
	}
	for _, m := range phoneprov.VolumeMounts {
		if m.ReadOnly == (m.MountPath == "/var/lib/phoneprov") {
			t.Errorf("%s: read only is %v", m.MountPath, m.ReadOnly)
		}
	}
}

// What refers to something refers to something that is there.
func TestReferences(t *testing.T) {
	t.Parallel()
	b := build(t)
	pod := b.deployment.Spec.Template
	for key, value := range b.service.Spec.Selector {
		if pod.Labels[key] != value || b.deployment.Spec.Selector.MatchLabels[key] != value {
			t.Errorf("the service selects %s=%s, the pod has %v", key, value, pod.Labels)
		}
	}
	if len(b.service.Spec.Selector) == 0 {
		t.Error("the service selects everything")
	}
	ports, volumes, used := map[string]corev1.Protocol{}, map[string]corev1.Volume{}, map[string]bool{}
	for _, v := range pod.Spec.Volumes {
		volumes[v.Name] = v
	}
	for _, c := range pod.Spec.Containers {
		for _, p := range c.Ports {
			ports[p.Name] = p.Protocol
		}
		for _, m := range c.VolumeMounts {
			if used[m.Name] = true; volumes[m.Name].Name == "" {
				t.Errorf("%s: there is no volume %s", c.Name, m.Name)
			}
		}
	}
	for _, p := range b.service.Spec.Ports {
		if protocol, ok := ports[p.TargetPort.StrVal]; !ok || protocol != p.Protocol {
			t.Errorf("port %s: the containers have %v", p.Name, ports)
		}
	}
	for name, v := range volumes {
		if !used[name] {
			t.Errorf("nobody uses the volume %s", name)
		}
		if claim := v.PersistentVolumeClaim; claim != nil && claim.ClaimName != b.claim.Name {
			t.Errorf("there is no claim %s", claim.ClaimName)
		}
	}
}

// The secret is a file that its group may read, in no variable and in no ConfigMap.
func TestSecretIsAFile(t *testing.T) {
	t.Parallel()
	b := build(t)
	secrets := 0
	for _, v := range b.deployment.Spec.Template.Spec.Volumes {
		if v.Secret != nil {
			if secrets++; *v.Secret.DefaultMode != 0o440 {
				t.Errorf("%s: mode %#o", v.Name, *v.Secret.DefaultMode)
			}
		}
	}
	if secrets != 2 {
		t.Errorf("got %d volumes of the secret", secrets)
	}
	page, err := os.ReadFile("../../doc/SETTINGS.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range b.deployment.Spec.Template.Spec.Containers {
		for _, e := range c.Env {
			if e.ValueFrom != nil || !strings.Contains(string(page), "`"+e.Name+"`") {
				t.Errorf("%s: %s is no setting, or not written here", c.Name, e.Name)
			}
			if e.Name == "PHONEPROV_AMI_SECRET_FILE" && !slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool {
				return m.Name == "ami-secret" && e.Value == m.MountPath+"/ami-secret"
			}) {
				t.Errorf("no volume has %s", e.Value)
			}
		}
	}
}

// Every command of the page is one of kubectl's, and names what the deployment refers to.
func TestPageCreatesWhatIsNeeded(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range build(t).deployment.Spec.Template.Spec.Volumes {
		switch {
		case v.ConfigMap != nil && !strings.Contains(string(page), "create configmap "+v.ConfigMap.Name+" "):
			t.Errorf("README.md does not create the ConfigMap %s", v.ConfigMap.Name)
		case v.Secret != nil && !strings.Contains(string(page), "create secret generic "+v.Secret.SecretName+" "):
			t.Errorf("README.md does not create the Secret %s", v.Secret.SecretName)
		}
	}
}
